import type { ColumnField } from '../../fields/column-field.ts'
import type { ParamNode } from '../../query/nodes.ts'
import type { AggregateName, ArithmeticOperator } from '../../query/raw.ts'
import { bind, type Fragment, keyword, list, sql } from '../fragment.ts'
import type { AggregateForm, Dialect, JsonDialect, PatternName } from './dialect.ts'
import {
  bindEach,
  bindJson,
  bindParam,
  escapeLike,
  ignoresCase,
  notSupported,
  plainAggregate,
  wildcards,
} from './shared.ts'

const NAME = 'mysql'

function match(lookup: PatternName, left: Fragment, value: ParamNode): Fragment {
  if (lookup === 'regex') return sql`regexp_like(${left}, ${bindParam(value, NAME)}, 'c')`
  if (lookup === 'iregex') return sql`regexp_like(${left}, ${bindParam(value, NAME)}, 'i')`
  const pattern = bind(value, (given) => wildcards(lookup, escapeLike(String(given.value)), '%'))
  return ignoresCase(lookup) ? sql`${left} like ${pattern}` : sql`${left} like binary ${pattern}`
}

function matchExpression(lookup: PatternName, left: Fragment, right: Fragment): Fragment {
  if (lookup === 'regex') return sql`regexp_like(${left}, ${right}, 'c')`
  if (lookup === 'iregex') return sql`regexp_like(${left}, ${right}, 'i')`
  const [a, b] = ignoresCase(lookup)
    ? [sql`lower(${left})`, sql`lower(${right})`]
    : [sql`binary ${left}`, sql`binary ${right}`]
  switch (lookup) {
    case 'contains':
    case 'icontains':
      return sql`locate(${b}, ${a}) > 0`
    case 'startswith':
    case 'istartswith':
      return sql`left(${a}, char_length(${right})) = ${b}`
    case 'endswith':
    case 'iendswith':
      return sql`right(${a}, char_length(${right})) = ${b}`
    default:
      return sql`${a} = ${b}`
  }
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  date: 'date',
  time: 'time',
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  day: 'dayofmonth',
  weekDay: 'dayofweek',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
}

function transform(name: string, input: Fragment, _field: ColumnField): Fragment | null {
  const simple = FUNCTIONS[name]
  if (simple !== undefined) return sql`${keyword(simple)}(${input})`
  switch (name) {
    case 'isoYear':
      return sql`truncate(yearweek(${input}, 3) / 100, 0)`
    case 'week':
      return sql`week(${input}, 3)`
    case 'isoWeekDay':
      return sql`(weekday(${input}) + 1)`
    default:
      return null
  }
}

const OPERATORS = { add: '+', sub: '-', mul: '*', mod: '%' } as const

function arithmetic(operator: ArithmeticOperator, left: Fragment, right: Fragment): Fragment {
  if (operator === 'pow') return sql`pow(${left}, ${right})`
  if (operator === 'div') return sql`(${left} / ${right})`
  return sql`(${left} ${keyword(OPERATORS[operator])} ${right})`
}

function aggregate(name: AggregateName, input: Fragment | null, form: AggregateForm): Fragment {
  if (name === 'stdDev')
    return plainAggregate(form.sample ? 'stddev_samp' : 'stddev_pop', input, form)
  if (name === 'variance') return plainAggregate(form.sample ? 'var_samp' : 'var_pop', input, form)
  const of = input ?? keyword('null')
  switch (name) {
    case 'stringAgg':
      if (form.isWindow) throw notSupported('StringAgg() in Window()', 'MySQL')
      return joined(of, form)
    case 'arrayAgg':
    case 'jsonAgg':
      if (form.distinct || form.order !== null || form.hasFilter) {
        throw notSupported(`${name} with distinct, orderBy or filter`, 'MySQL')
      }
      return sql`json_arrayagg(${name === 'arrayAgg' ? asItem(of, form.field) : of})`
    case 'boolAnd':
      return plainAggregate('min', of, form)
    case 'boolOr':
      return plainAggregate('max', of, form)
    case 'anyValue':
      return plainAggregate('any_value', of, form)
    default:
      return plainAggregate(name, input, form)
  }
}

/** JavaScript reads numbers of JSON as floats. */
function asItem(value: Fragment, field: ColumnField | null): Fragment {
  const isExact = field?.family === 'decimal' || field?.family === 'bigint'
  return isExact ? sql`cast(${value} as char)` : value
}

/** MySQL binds no SEPARATOR: each value begins with it, and the first is cut off. */
function joined(input: Fragment, form: AggregateForm): Fragment {
  const delimiter = form.delimiter ?? keyword("''")
  const order = form.order === null ? keyword('') : sql` order by ${form.order}`
  const distinct = keyword(form.distinct ? 'distinct ' : '')
  return sql`substr(group_concat(${distinct}concat(${delimiter}, ${input})${order} separator ''), char_length(${delimiter}) + 1)`
}

const COMPARISONS = { exact: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function jsonPath(keys: readonly string[]): string {
  return `$${keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${JSON.stringify(key)}`)).join('')}`
}

const json: JsonDialect = {
  path: (base, keys) =>
    sql`json_extract(${base}, ${bind(keys, ({ values }) => jsonPath(values as readonly string[]))})`,
  text: (value) => sql`json_unquote(${value})`,
  comparable: (value) => value,
  sortKeys: (value) => [value],
  fromColumn: (expression) => sql`cast(${expression} as json)`,
  compare: (lookup, left, right) =>
    sql`${left} ${keyword(COMPARISONS[lookup])} cast(${bindParam(right, NAME)} as json)`,
  contains: (left, right) => sql`json_contains(${left}, ${right})`,
  containedBy: (left, right) => sql`json_contains(${right}, ${left})`,
  hasKeys(left, { values }, all) {
    const paths = values.map((key) =>
      bind({ key }, (leaf) => `$.${JSON.stringify(String(leaf.key))}`),
    )
    return sql`json_contains_path(${left}, ${keyword(all ? "'all'" : "'one'")}, ${list(paths)})`
  },
}

/** MySQL; compiled, not yet run. */
export const mysql: Dialect = {
  name: NAME,
  quote: '`',
  canReturn: false,
  hasAggregateFilter: () => false,
  hasDistinctOn: false,
  hasNullsOrder: false,
  random: keyword('rand()'),
  bare: (node) => bindParam(node, NAME),
  typed: (node) => bindParam(node, NAME),
  written: (placeholder) => placeholder,
  comparable: (expression) => expression,
  read: (expression) => expression,
  in(left, _node, values) {
    if (values.field.family === 'array') throw notSupported('A lookup of arrays', NAME)
    if (values.field.family === 'text' || values.field.family === 'binary') {
      return sql`${left} in (${list(bindEach(values, NAME))})`
    }
    const type = keyword(
      values.field.family === 'number' || values.field.family === 'bigint'
        ? 'bigint'
        : 'varchar(255)',
    )
    return sql`${left} in (select \`value\` from json_table(${bindJson(values, NAME)}, '$[*]' columns (\`value\` ${type} path '$')) as \`j\`)`
  },
  match,
  matchExpression,
  transform,
  arithmetic,
  sameValue: (left, right) => sql`${left} <=> ${right}`,
  aggregate,
  aggregated: (_name, aggregate) => aggregate,
  json,
}
