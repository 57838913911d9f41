import { QueryTooComplexError } from '../../errors.ts'
import type { ColumnField } from '../../fields/column-field.ts'
import type { ExprNode, ListNode, ParamNode } from '../../query/nodes.ts'
import type { AggregateName, ArithmeticOperator } from '../../query/raw.ts'
import { bind, type Fragment, keyword, list, sql } from '../fragment.ts'
import type { AggregateForm, Dialect, PatternName } from './dialect.ts'
import {
  bindEach,
  bindJson,
  bindParam,
  collect,
  escapeLike,
  ignoresCase,
  notSupported,
  plainAggregate,
  wildcards,
} from './shared.ts'
import { sqliteJson } from './sqlite-json.ts'

const NAME = 'sqlite'
/** SQLite refuses longer patterns of LIKE and GLOB. */
const MAX_PATTERN_BYTES = 50_000

/** Integers beyond 2**53 travel as text, decimals are compared as numbers. */
function converted(expression: Fragment, field: ColumnField): Fragment {
  if (field.family === 'bigint') return sql`cast(${expression} as integer)`
  if (field.family === 'decimal') return sql`cast(${expression} as real)`
  return expression
}

function comparable(expression: Fragment, field: ColumnField): Fragment {
  return field.family === 'decimal' ? sql`cast(${expression} as real)` : expression
}

function read(expression: Fragment, node: ExprNode): Fragment {
  const { field } = node
  if (field.family === 'bigint') return sql`cast(${expression} as text)`
  // Decimals are computed as floats, whose last digits mean nothing.
  const isStored =
    (node.kind === 'column' && node.source.model !== null) ||
    (node.kind === 'func' && node.name.startsWith('ArrayIndex:'))
  if (field.family === 'decimal' && !isStored) {
    return sql`round(${expression}, ${keyword(String(Math.min(field.decimalPlaces ?? 12, 12)))})`
  }
  return expression
}

function within(left: Fragment, values: ListNode): Fragment {
  // JSON cannot carry bytes.
  if (values.field.family === 'binary') {
    return sql`${left} in (${list(bindEach(values, NAME))})`
  }
  const item = converted(keyword('value'), values.field)
  return sql`${left} in (select ${item} from json_each(${bindJson(values, NAME)}))`
}

function pattern(lookup: PatternName, value: ParamNode): Fragment {
  const isLike = ignoresCase(lookup)
  return bind(value, (given) => {
    const text = String(given.value)
    const escaped = isLike ? escapeLike(text) : text.replace(/[*?[]/g, '[$&]')
    const whole = wildcards(lookup, escaped, isLike ? '%' : '*')
    if (Buffer.byteLength(whole) > MAX_PATTERN_BYTES) {
      throw new QueryTooComplexError(
        `The value of a text lookup has more than ${MAX_PATTERN_BYTES} bytes, where SQLite stops.`,
      )
    }
    return whole
  })
}

function match(lookup: PatternName, left: Fragment, value: ParamNode): Fragment {
  if (lookup === 'regex' || lookup === 'iregex')
    throw notSupported(`The lookup '${lookup}'`, 'SQLite')
  return ignoresCase(lookup)
    ? sql`${left} like ${pattern(lookup, value)} escape '\\'`
    : sql`${left} glob ${pattern(lookup, value)}`
}

function matchExpression(lookup: PatternName, left: Fragment, right: Fragment): Fragment {
  if (lookup === 'regex' || lookup === 'iregex')
    throw notSupported(`The lookup '${lookup}'`, 'SQLite')
  const [a, b] = ignoresCase(lookup) ? [sql`lower(${left})`, sql`lower(${right})`] : [left, right]
  switch (lookup) {
    case 'contains':
    case 'icontains':
      return sql`instr(${a}, ${b}) > 0`
    case 'startswith':
    case 'istartswith':
      return sql`substr(${a}, 1, length(${b})) = ${b}`
    case 'endswith':
    case 'iendswith':
      return sql`(length(${a}) >= length(${b}) and substr(${a}, length(${a}) - length(${b}) + 1) = ${b})`
    default:
      return sql`${a} = ${b}`
  }
}

const PARTS: Readonly<Record<string, string>> = {
  month: '%m',
  day: '%d',
  hour: '%H',
  minute: '%M',
  second: '%S',
  year: '%Y',
}

function transform(name: string, input: Fragment, field: ColumnField): Fragment | null {
  // Both forms of instants are taken apart by the same functions.
  const at = field.storage === 'epochMs' ? sql`${input} / 1000.0, 'unixepoch'` : input
  const part = PARTS[name]
  if (part !== undefined) return sql`cast(strftime('${keyword(part)}', ${at}) as integer)`
  switch (name) {
    case 'date':
      return sql`date(${at})`
    case 'time':
      return sql`replace(strftime('%H:%M:%f', ${at}), '.000', '')`
    case 'quarter':
      return sql`((cast(strftime('%m', ${at}) as integer) + 2) / 3)`
    case 'weekDay':
      return sql`(cast(strftime('%w', ${at}) as integer) + 1)`
    case 'isoWeekDay':
      return sql`((cast(strftime('%w', ${at}) as integer) + 6) % 7 + 1)`
    // The Thursday of a week is in the year and in the week that the week counts for.
    case 'isoYear':
      return sql`cast(strftime('%Y', ${at}, '-3 days', 'weekday 4') as integer)`
    case 'week':
      return sql`((cast(strftime('%j', ${at}, '-3 days', 'weekday 4') as integer) - 1) / 7 + 1)`
    default:
      return null
  }
}

const OPERATORS = { add: '+', sub: '-', mul: '*', div: '/', mod: '%' } as const

function arithmetic(operator: ArithmeticOperator, left: Fragment, right: Fragment): Fragment {
  if (operator === 'pow') return sql`pow(${left}, ${right})`
  return sql`(${left} ${keyword(OPERATORS[operator])} ${right})`
}

/** SQLite has no deviation: it is computed from sums, in floats. */
function deviation(name: 'stdDev' | 'variance', input: Fragment, form: AggregateForm): Fragment {
  if (form.distinct) throw notSupported(`${name} with distinct`, 'SQLite')
  const x = sql`cast(${input} as real)`
  const squares = sql`max(0, sum(${x} * ${x}) - sum(${x}) * sum(${x}) / count(${x}))`
  const over = form.sample ? sql`nullif(count(${x}) - 1, 0)` : sql`count(${x})`
  const variance = sql`(${squares} / ${over})`
  return name === 'stdDev' ? sql`sqrt(${variance})` : variance
}

function aggregate(name: AggregateName, input: Fragment | null, form: AggregateForm): Fragment {
  if ((name === 'stdDev' || name === 'variance') && input !== null) {
    return deviation(name, input, form)
  }
  const of = input ?? keyword('null')
  switch (name) {
    case 'stringAgg':
      if (form.distinct) throw notSupported('StringAgg() with distinct', 'SQLite')
      return collect('group_concat', of, form, form.delimiter)
    case 'arrayAgg':
      return collect('json_group_array', asItem(of, form.field), form)
    case 'jsonAgg':
      return collect('json_group_array', asJson(of, form.field), form)
    case 'boolAnd':
      return plainAggregate('min', of, form)
    case 'boolOr':
    case 'anyValue':
      return plainAggregate('max', of, form)
    default:
      return plainAggregate(name, input, form)
  }
}

/** JSON carries no bytes, and JSON text is to stay text. */
function asItem(value: Fragment, field: ColumnField | null): Fragment {
  if (field?.family === 'binary')
    return sql`case when ${value} is not null then '\\x' || hex(${value}) end`
  if (field?.name === 'float') return exactFloat(value)
  return field?.family === 'json' ? sql`${value} || ''` : value
}

function asJson(value: Fragment, field: ColumnField | null): Fragment {
  if (field?.family === 'json') return sql`json(${value})`
  if (field?.name === 'float') return exactFloat(value)
  if (field?.family !== 'boolean') return field?.family === 'text' ? sql`${value} || ''` : value
  return sql`json(case ${value} when 1 then 'true' when 0 then 'false' end)`
}

/** SQLite writes floats into JSON with 15 digits. */
function exactFloat(value: Fragment): Fragment {
  return sql`case when abs(${value}) < 9e999 then json(printf('%!.17g', ${value})) else ${value} end`
}

/** An array of no rows is NULL. */
function aggregated(name: AggregateName, aggregate: Fragment): Fragment {
  const isArray = name === 'arrayAgg' || name === 'jsonAgg'
  return isArray ? sql`nullif(${aggregate}, '[]')` : aggregate
}

/** SQLite. */
export const sqlite: Dialect = {
  name: NAME,
  quote: '"',
  canReturn: true,
  hasAggregateFilter: (name) => name !== 'stdDev' && name !== 'variance',
  hasDistinctOn: false,
  hasNullsOrder: true,
  random: keyword('random()'),
  bare: (node) => converted(bindParam(node, NAME), node.field),
  typed: (node) => converted(bindParam(node, NAME), node.field),
  written: (placeholder, field) =>
    field.family === 'bigint' ? sql`cast(${placeholder} as integer)` : placeholder,
  comparable,
  read,
  in: (left, _node, values) => within(left, values),
  match,
  matchExpression,
  transform,
  arithmetic,
  sameValue: (left, right) => sql`${left} is ${right}`,
  aggregate,
  aggregated,
  json: sqliteJson,
}
