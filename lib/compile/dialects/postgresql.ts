import type { ColumnField } from '../../fields/column-field.ts'
import type { ListNode, ParamNode } from '../../query/nodes.ts'
import type { AggregateName, ArithmeticOperator } from '../../query/raw.ts'
import { bind, type Fragment, keyword, sql } from '../fragment.ts'
import type { AggregateForm, Dialect, JsonDialect, PatternName } from './dialect.ts'
import { columnType } from './pg-types.ts'
import {
  bindArray,
  bindParam,
  collect,
  escapeLike,
  ignoresCase,
  plainAggregate,
  wildcards,
} from './shared.ts'

const NAME = 'postgresql'

/** `any()` takes an array of arrays for one of their items. */
function inArrays(left: Fragment, values: ListNode): Fragment {
  const type = columnType(values.field)
  return sql`${left}::${type} in (select v::${type} from unnest(${bindArray(values, NAME)}::text[]) as v)`
}

/** A key's column may be an int4 that cannot hold every number of JavaScript: compared as int8. */
function isAnyInteger(field: ColumnField): boolean {
  return field.name === 'auto'
}

function typed(node: ParamNode): Fragment {
  return sql`${bindParam(node, NAME)}::${columnType(node.field)}`
}

const EXTRACTS: Readonly<Record<string, string>> = {
  year: 'year',
  isoYear: 'isoyear',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  day: 'day',
  isoWeekDay: 'isodow',
  hour: 'hour',
  minute: 'minute',
}

function transform(name: string, input: Fragment, field: ColumnField): Fragment | null {
  const at = field.family === 'dateTime' ? sql`(${input} at time zone 'UTC')` : input
  const unit = EXTRACTS[name]
  // It gives a numeric, which has fractions when it is divided.
  if (unit !== undefined) return sql`extract(${keyword(unit)} from ${at})::integer`
  switch (name) {
    case 'date':
      return sql`${at}::date`
    case 'time':
      return sql`${at}::time`
    case 'weekDay':
      return sql`(extract(dow from ${at})::integer + 1)`
    case 'second':
      return sql`floor(extract(second from ${at}))::integer`
    default:
      return null
  }
}

const OPERATORS: Readonly<Record<ArithmeticOperator, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  pow: '^',
}

function arithmetic(operator: ArithmeticOperator, left: Fragment, right: Fragment): Fragment {
  return sql`(${left} ${keyword(OPERATORS[operator])} ${right})`
}

function match(lookup: PatternName, left: Fragment, value: ParamNode): Fragment {
  if (lookup === 'regex') return sql`${left} ~ ${bindParam(value, NAME)}`
  if (lookup === 'iregex') return sql`${left} ~* ${bindParam(value, NAME)}`
  if (lookup === 'iexact') return sql`upper(${left}) = upper(${bindParam(value, NAME)})`
  const pattern = bind(value, (given) => wildcards(lookup, escapeLike(String(given.value)), '%'))
  return ignoresCase(lookup)
    ? sql`upper(${left}) like upper(${pattern})`
    : sql`${left} like ${pattern}`
}

function matchExpression(lookup: PatternName, left: Fragment, right: Fragment): Fragment {
  if (lookup === 'regex') return sql`${left} ~ ${right}`
  if (lookup === 'iregex') return sql`${left} ~* ${right}`
  const [a, b] = ignoresCase(lookup) ? [sql`upper(${left})`, sql`upper(${right})`] : [left, right]
  switch (lookup) {
    case 'contains':
    case 'icontains':
      return sql`strpos(${a}, ${b}) > 0`
    case 'startswith':
    case 'istartswith':
      return sql`starts_with(${a}, ${b})`
    case 'endswith':
    case 'iendswith':
      return sql`right(${a}, length(${b})) = ${b}`
    default:
      return sql`${a} = ${b}`
  }
}

const AGGREGATES: Readonly<Record<string, readonly [population: string, sample: string]>> = {
  count: ['count', 'count'],
  sum: ['sum', 'sum'],
  avg: ['avg', 'avg'],
  min: ['min', 'min'],
  max: ['max', 'max'],
  stdDev: ['stddev_pop', 'stddev_samp'],
  variance: ['var_pop', 'var_samp'],
}

function aggregate(name: AggregateName, input: Fragment | null, form: AggregateForm): Fragment {
  const plain = AGGREGATES[name]?.[form.sample ? 1 : 0]
  if (plain !== undefined) return plainAggregate(plain, input, form)
  const of = input ?? keyword('null')
  switch (name) {
    case 'stringAgg':
      return collect('string_agg', of, form, form.delimiter)
    case 'jsonAgg':
      return collect('jsonb_agg', of, form)
    case 'boolAnd':
    case 'boolOr':
      return plainAggregate(name === 'boolAnd' ? 'bool_and' : 'bool_or', of, form)
    default:
      return collect('array_agg', of, form)
  }
}

function aggregated(name: AggregateName, aggregate: Fragment): Fragment {
  // Each value as text, of which its field makes what it makes of a column's.
  if (name === 'arrayAgg') return sql`array_to_json((${aggregate})::text[])::text`
  if (name === 'anyValue') return sql`(array_remove(${aggregate}, null))[1]`
  return aggregate
}

const COMPARISONS = { exact: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

const json: JsonDialect = {
  path: (base, keys) => sql`(${base}::jsonb #> ${bind(keys, ({ values }) => values)}::text[])`,
  text: (value) => sql`(${value} #>> '{}')`,
  comparable: (value) => value,
  sortKeys: (value) => [value],
  fromColumn: (expression) => sql`to_jsonb(${expression})`,
  compare(lookup, left, right) {
    const compared = sql`${left}::jsonb ${keyword(COMPARISONS[lookup])} ${bindParam(right, NAME)}::jsonb`
    if (lookup === 'exact') return compared
    // Values of different kinds have an order in jsonb, but no meaning.
    const kind = typeof right.value === 'number' ? 'number' : 'string'
    return sql`(jsonb_typeof(${left}) = '${keyword(kind)}' and ${compared})`
  },
  contains: (left, right) => sql`${left}::jsonb @> ${right}`,
  containedBy: (left, right) => sql`${left}::jsonb <@ ${right}`,
  hasKeys(left, keys, all) {
    const name = keyword(all ? 'jsonb_exists_all' : 'jsonb_exists_any')
    return sql`${name}(${left}::jsonb, ${bindArray(keys, NAME)}::text[])`
  },
}

/** PostgreSQL. */
export const postgresql: Dialect = {
  name: NAME,
  quote: '"',
  canReturn: true,
  hasAggregateFilter: () => true,
  hasDistinctOn: true,
  hasNullsOrder: true,
  random: keyword('random()'),
  bare: (node) => (isAnyInteger(node.field) ? typed(node) : bindParam(node, NAME)),
  typed,
  written: (placeholder) => placeholder,
  comparable: (expression) => expression,
  read: (expression) => expression,
  in(left, node, values: ListNode) {
    if (values.field.family === 'array') return inArrays(left, values)
    const array = bindArray(values, NAME)
    // A column tells the type of the array by itself.
    const isTold = node.kind === 'column' && values.field.family !== 'range'
    if (isTold && !isAnyInteger(values.field)) return sql`${left} = any(${array})`
    return sql`${left} = any(${array}::${columnType(values.field)}[])`
  },
  match,
  matchExpression,
  transform,
  arithmetic,
  sameValue: (left, right) => sql`${left} is not distinct from ${right}`,
  aggregate,
  aggregated,
  json,
}
