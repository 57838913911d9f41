/** What users write, before names are looked up in a model: plain frozen data. */

export type ArithmeticOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'pow'

export type AggregateName = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'stdDev' | 'variance'

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
  | { readonly kind: 'condition'; readonly condition: RawCondition; readonly depth: number }

/** `Count('books', { distinct: true })`; `input` is null for `Count('*')`. */
export interface RawAggregate {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  readonly input: RawExpression | null
  readonly distinct: boolean
  readonly filter: RawCondition | null
  readonly default: RawExpression | null
  readonly sample: boolean
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
  | {
      readonly kind: 'group'
      readonly connector: Connector
      readonly children: readonly RawCondition[]
      readonly depth: number
      readonly size: number
    }
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

/** One term of an ordering. */
export interface RawOrder {
  readonly expression: RawExpression
  readonly descending: boolean
  readonly nulls: Nulls | null
}
