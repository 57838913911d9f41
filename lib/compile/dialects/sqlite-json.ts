import { QueryTooComplexError } from '../../errors.ts'
import type { ExprNode, ListNode, ParamNode } from '../../query/nodes.ts'
import { bind, bindConstant, type Fragment, keyword, list, sql } from '../fragment.ts'
import { jsonContainedBy, jsonContains, jsonEquals, jsonSize } from '../functions/json-structure.ts'
import type { JsonComparison, JsonDialect } from './dialect.ts'
import { bindJson, bindParam, notSupported } from './shared.ts'

const INDEX = /^-?\d{1,9}$/
/** Objects and lists of more parts are compared as text. */
const MAX_PARTS = 200
/** Each key that could be an index doubles the expression. */
const MAX_AMBIGUOUS = 4

/** One step of a JSON path: a label in quotes, with its own quotes escaped as in JSON. */
function label(key: string): string {
  return `.${JSON.stringify(key)}`
}

function index(key: string): string {
  return key.startsWith('-') ? `[#${key}]` : `[${key}]`
}

/** The value at one of several paths: digits are an index of an array or a key of an object. */
function path(base: Fragment, { values: keys }: ListNode): Fragment {
  let paths = ['$']
  let ambiguous = 0
  for (const key of keys as readonly string[]) {
    const isIndex = INDEX.test(key)
    if (isIndex) ambiguous += 1
    const both = isIndex && ambiguous <= MAX_AMBIGUOUS
    paths = paths.flatMap((before) => {
      if (!isIndex) return [before + label(key)]
      return both ? [before + index(key), before + label(key)] : [before + index(key)]
    })
  }
  const values = paths.map((each) => sql`${base} -> ${bindConstant(each)}`)
  return values.length === 1 ? sql`(${list(values)})` : sql`coalesce(${list(values)})`
}

function itself(node: ParamNode): Fragment {
  return bind(node, ({ value }) => value)
}

const COMPARISONS = { exact: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function compare(lookup: JsonComparison, left: Fragment, right: ParamNode): Fragment {
  const operator = keyword(COMPARISONS[lookup])
  const { value } = right
  switch (typeof value) {
    case 'string':
      return sql`(json_type(${left}) = 'text' and ${left} ->> '$' ${operator} ${itself(right)})`
    case 'number':
      return sql`(json_type(${left}) in ('integer', 'real') and ${left} ->> '$' ${operator} ${itself(right)})`
    case 'boolean':
      return sql`json_type(${left}) = '${keyword(value ? 'true' : 'false')}'`
    default:
      if (value === null) return sql`json_type(${left}) = 'null'`
      if (lookup === 'exact' && jsonSize(value, MAX_PARTS) <= MAX_PARTS) {
        return jsonEquals(left, value)
      }
      return sql`json(${left}) ${operator} json(${bindParam(right, 'sqlite')})`
  }
}

/** The order of PostgreSQL's kinds of JSON values. */
const RANKS = keyword(
  "when 'null' then 0 when 'text' then 1 when 'integer' then 2 when 'real' then 2 " +
    "when 'false' then 3 when 'true' then 3 when 'array' then 4 when 'object' then 5",
)

/** JSON on SQLite, where it is text: compared by what it says. */
export const sqliteJson: JsonDialect = {
  path,
  text: (value) => sql`(${value} ->> '$')`,
  comparable: (value) => sql`(${value} ->> '$')`,
  sortKeys: (value) => [sql`case json_type(${value}) ${RANKS} end`, sql`(${value} ->> '$')`],
  fromColumn: (expression) => expression,
  compare,
  contains: (left, _right, node) => jsonContains(left, partsOf(node, 'contains')),
  containedBy: (left, _right, node) => jsonContainedBy(left, partsOf(node, 'containedBy')),
  hasKeys(left, keys, all) {
    const key = sql`case json_type(${left}) when 'object' then "item"."key" else case "item"."type" when 'text' then "item"."atom" end end`
    const found = sql`exists (select 1 from json_each(${left}) as "item" where ${key} = "json_key"."value")`
    const each = sql`select 1 from json_each(${bindJson(keys, 'sqlite')}) as "json_key" where`
    const answer = all ? sql`not exists (${each} not ${found})` : sql`exists (${each} ${found})`
    return sql`case when ${left} is not null then ${answer} end`
  },
}

/** The value of a comparison of parts, which SQLite has no operator for: SQL is made of them. */
function partsOf(node: ExprNode, lookup: string): unknown {
  if (node.kind !== 'param') {
    throw notSupported(`The lookup '${lookup}' of JSON with an expression`, 'SQLite')
  }
  if (jsonSize(node.value, MAX_PARTS) <= MAX_PARTS) return node.value
  throw new QueryTooComplexError(
    `On SQLite the lookup '${lookup}' of JSON takes a value of at most ${MAX_PARTS} parts.`,
  )
}
