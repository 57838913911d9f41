import type { ListNode, ParamNode } from '../../query/nodes.ts'
import { bind, bindConstant, type Fragment, keyword, list, sql } from '../fragment.ts'
import type { JsonComparison, JsonDialect } from './dialect.ts'
import { bindJson, bindParam, notSupported } from './shared.ts'

const INDEX = /^-?\d{1,9}$/
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
      return sql`json(${left}) ${operator} json(${bindParam(right, 'sqlite')})`
  }
}

/** JSON on SQLite, where it is text: compared by what it says, objects by the order of their keys. */
export const sqliteJson: JsonDialect = {
  path,
  text: (value) => sql`(${value} ->> '$')`,
  comparable: (value) => sql`(${value} ->> '$')`,
  fromColumn: (expression) => expression,
  compare,
  contains() {
    throw notSupported("The lookup 'contains' of JSON", 'SQLite')
  },
  containedBy() {
    throw notSupported("The lookup 'containedBy' of JSON", 'SQLite')
  },
  hasKeys(left, keys, all) {
    const type = sql`json_type(${left}, '$.' || json_quote("json_key"."value"))`
    const each = sql`select 1 from json_each(${bindJson(keys, 'sqlite')}) as "json_key" where ${type}`
    return all ? sql`not exists (${each} is null)` : sql`exists (${each} is not null)`
  },
}
