import type { ConditionTree, ExprNode, QueryState, Step } from './nodes.ts'

/**
 * Every property of every part of a query, by what the writer of shapes does with it. A property or a kind
 * that is new does not compile until it is listed here: then write it in `shape.ts`, or say that it does not
 * change the SQL.
 */
interface Written {
  readonly ref: 'hops' | 'column' | 'field'
  readonly param: 'value' | 'field'
  readonly list: 'values' | 'field'
  readonly func: 'name' | 'args' | 'field'
  readonly aggregate:
    | 'name'
    | 'input'
    | 'distinct'
    | 'sample'
    | 'filter'
    | 'default'
    | 'delimiter'
    | 'ordering'
    | 'field'
  readonly condition: 'condition' | 'field'
  readonly annotation: 'name' | 'field'
  readonly query: 'state' | 'exists' | 'field'
  readonly case: 'branches' | 'otherwise' | 'field'
  readonly outer: 'raw' | 'levels' | 'field'
  readonly window: 'input' | 'partition' | 'ordering' | 'frame' | 'field'
  readonly column: 'source' | 'column' | 'field' | 'nullable'
  readonly plan: 'plan' | 'exists' | 'field'
  readonly rowNumber: 'partition' | 'ordering' | 'field'
  readonly lookup: 'lookup' | 'left' | 'right' | 'flag'
  readonly group: 'connector' | 'children'
  readonly not: 'child'
  readonly constant: 'value' | 'of'
  readonly boolean: 'expression'
  readonly filter: 'condition' | 'sharesJoins'
  readonly annotate: 'name' | 'node'
  readonly relate: 'hop'
  readonly walk: 'hop'
}

type Parts = ExprNode | ConditionTree | Step

type Unlisted<K extends Parts['kind']> = Exclude<
  keyof Extract<Parts, { readonly kind: K }>,
  'kind' | (K extends keyof Written ? Written[K] : never)
>

type Changing =
  | 'model'
  | 'steps'
  | 'ordering'
  | 'reversed'
  | 'distinct'
  | 'offset'
  | 'limit'
  | 'isNone'
  | 'projection'
  | 'selectRelated'
  | 'loadMask'
  | 'annotations'
  | 'groupBy'
  | 'combination'
  | 'lock'

/**
 * Where and how a query runs, and what is done with its rows. `isSticky` is in the next step, `filtered`
 * in those before.
 */
type Irrelevant =
  | 'conditions'
  | 'database'
  | 'timeoutMs'
  | 'signal'
  | 'fetchMode'
  | 'prefetch'
  | 'hints'
  | 'isSticky'
  | 'filtered'

type Nothing<T extends never> = T

/** Does not compile when a part of a query is in no list. */
export type Forgotten = Nothing<
  | { [K in Parts['kind']]: Unlisted<K> }[Parts['kind']]
  | Exclude<keyof QueryState, Changing | Irrelevant>
>
