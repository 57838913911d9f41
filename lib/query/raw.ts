/** What users write, before names are looked up in a model: plain frozen data. */

export type ArithmeticOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'pow'

export type AggregateName =
  | 'count'
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'stdDev'
  | 'variance'
  | 'stringAgg'
  | 'arrayAgg'
  | 'jsonAgg'
  | 'boolAnd'
  | 'boolOr'
  | 'anyValue'

export type Nulls = 'first' | 'last'

/** An expression whose paths are still text. `depth` is known so that recursion has a bound. */
export type RawExpression =
  | { readonly kind: 'path'; readonly path: string; readonly depth: number }
  | { readonly kind: 'value'; readonly value: unknown; readonly depth: number }
  | {
      readonly kind: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: RawExpression
      readonly right: RawExpression
      readonly depth: number
    }
  | RawAggregate
  | RawFunction
  | RawCase
  | RawWindow
  | { readonly kind: 'condition'; readonly condition: RawCondition; readonly depth: number }
  /** `OuterRef(path)`, `levels` times around it. */
  | {
      readonly kind: 'outer'
      readonly path: string
      readonly levels: number
      readonly depth: number
    }
  /** `Subquery(querySet)` or `Exists(querySet)`. */
  | {
      readonly kind: 'query'
      readonly query: object
      readonly exists: boolean
      readonly depth: number
    }

/** A function by the name under which its rule and `compile` know it. */
export interface RawFunction {
  readonly kind: 'func'
  readonly name: string
  readonly args: readonly RawExpression[]
  /** What is no value of the query: the field of a Cast. Known to the function's rule. */
  readonly option?: unknown
  readonly depth: number
}

/** What `OuterRef` speaks of: a path, or a function of one whose type is found out there. */
export type RawOutside = Extract<RawExpression, { readonly kind: 'path' }> | RawOutsideCall

/** Its option is plain data. */
export interface RawOutsideCall extends RawFunction {
  readonly args: readonly [RawOutside]
}

/** `Case(When(condition, then), …)`. */
export interface RawCase {
  readonly kind: 'case'
  readonly branches: readonly RawBranch[]
  readonly otherwise: RawExpression | null
  readonly depth: number
}

export interface RawBranch {
  readonly condition: RawCondition
  readonly then: RawExpression
}

/** `Window(expression, { … })`. */
export interface RawWindow {
  readonly kind: 'window'
  readonly input: RawExpression
  readonly partition: readonly RawExpression[]
  readonly ordering: readonly RawOrder[]
  readonly frame: Frame | null
  readonly depth: number
}

/** The rows near a row; null is unbounded, 0 the row itself. */
export interface Frame {
  readonly unit: 'rows' | 'range'
  readonly start: number | null
  readonly end: number | null
}

/** `Count('books', { distinct: true })`; `input` is null for `Count('*')`. */
export interface RawAggregate {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  readonly input: RawExpression | null
  readonly distinct: boolean
  readonly filter: RawCondition | null
  readonly default: RawExpression | null
  readonly sample: boolean
  /** Of `StringAgg`. */
  readonly delimiter: RawExpression | null
  /** In which order values that are put in a row come. */
  readonly ordering: readonly RawOrder[]
  readonly depth: number
}

export type Connector = 'and' | 'or' | 'xor'

/** A condition whose keys are still text. */
export type RawCondition =
  | {
      readonly kind: 'lookups'
      readonly entries: readonly (readonly [string, unknown])[]
      readonly depth: number
      readonly size: number
    }
  | RawGroup
  | {
      readonly kind: 'not'
      readonly child: RawCondition
      readonly depth: number
      readonly size: number
    }
  | {
      readonly kind: 'expression'
      readonly expression: RawExpression
      readonly depth: number
      readonly size: number
    }

/** Conditions under one connector. `childrenOf()` has all of them. */
export interface RawGroup {
  readonly kind: 'group'
  readonly connector: Connector
  /** The group that this one goes on: `q.or(…)` in a loop copies nothing. */
  readonly before: RawGroup | null
  readonly children: readonly RawCondition[]
  readonly depth: number
  readonly size: number
}

/** One term of an ordering. */
export interface RawOrder {
  readonly expression: RawExpression
  readonly descending: boolean
  readonly nulls: Nulls | null
}
