import type { ColumnField } from '../../fields/column-field.ts'
import type { DialectName } from '../../fields/dialect.ts'
import type { ExprNode, ListNode, ParamNode } from '../../query/nodes.ts'
import type { AggregateName, ArithmeticOperator } from '../../query/raw.ts'
import type { Fragment } from '../fragment.ts'

/** Text lookups. */
export type PatternName =
  | 'iexact'
  | 'contains'
  | 'icontains'
  | 'startswith'
  | 'istartswith'
  | 'endswith'
  | 'iendswith'
  | 'regex'
  | 'iregex'

/** Comparisons of JSON values at a path. */
export type JsonComparison = 'exact' | 'gt' | 'gte' | 'lt' | 'lte'

/** SQL of JSON columns. */
export interface JsonDialect {
  /** The JSON value at a path of keys and indexes; NULL if there is none. */
  path(base: Fragment, keys: ListNode): Fragment
  /** A JSON value as text: of a JSON string the string itself. */
  text(json: Fragment): Fragment
  /** A JSON value as something that can be ordered and compared with `fromColumn`. */
  comparable(json: Fragment): Fragment
  /** What JSON values are ordered by, the most important first. */
  sortKeys(json: Fragment): readonly Fragment[]
  /** A value of a column as something that a JSON value can be compared with. */
  fromColumn(expression: Fragment): Fragment
  compare(lookup: JsonComparison, left: Fragment, right: ParamNode): Fragment
  /** `node` is what `right` was made of. */
  contains(left: Fragment, right: Fragment, node: ExprNode): Fragment
  containedBy(left: Fragment, right: Fragment, node: ExprNode): Fragment
  hasKeys(left: Fragment, keys: ListNode, all: boolean): Fragment
}

/** Everything in which the SQL of one database differs from another's. */
export interface Dialect {
  readonly name: DialectName
  readonly quote: '"' | '`'
  /** Whether INSERT can give columns of the rows it made. */
  readonly canReturn: boolean
  /** Whether an aggregate takes `filter (where …)`. */
  hasAggregateFilter(name: AggregateName): boolean
  readonly hasDistinctOn: boolean
  readonly hasNullsOrder: boolean
  readonly random: Fragment
  /** A bound value beside something of its own type. */
  bare(node: ParamNode): Fragment
  /** A bound value of which nothing else tells the type. */
  typed(node: ParamNode): Fragment
  /** A bound value that is written to a column. */
  written(placeholder: Fragment, field: ColumnField): Fragment
  /** An expression as a side of a comparison, or to order by. */
  comparable(expression: Fragment, field: ColumnField): Fragment
  /** An expression as a column of a result. */
  read(expression: Fragment, node: ExprNode): Fragment
  /** Whether an expression is one of any number of values, all bound as one. */
  in(left: Fragment, node: ExprNode, values: ListNode): Fragment
  /** A text lookup with a bound value. */
  match(lookup: PatternName, left: Fragment, value: ParamNode): Fragment
  /** A text lookup with an expression. */
  matchExpression(lookup: PatternName, left: Fragment, right: Fragment): Fragment
  transform(name: string, input: Fragment, field: ColumnField): Fragment | null
  arithmetic(operator: ArithmeticOperator, left: Fragment, right: Fragment): Fragment
  /** Equal, or both NULL. */
  sameValue(left: Fragment, right: Fragment): Fragment
  /** `input` is null for `count(*)`; `distinct` is in it already. */
  aggregate(name: AggregateName, input: Fragment | null, form: AggregateForm): Fragment
  /** What is around an aggregate, outside its filter and its window. */
  aggregated(name: AggregateName, aggregate: Fragment): Fragment
  readonly json: JsonDialect
}

/** What changes how an aggregate is written. */
export interface AggregateForm {
  readonly distinct: boolean
  readonly sample: boolean
  /** Of `StringAgg`. */
  readonly delimiter: Fragment | null
  /** Terms of ORDER BY; null: none. */
  readonly order: Fragment | null
  /** How the input's values are read; null of `count(*)`. */
  readonly field: ColumnField | null
  readonly hasFilter: boolean
  readonly isWindow: boolean
}
