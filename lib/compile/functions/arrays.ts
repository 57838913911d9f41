import type { ColumnField } from '../../fields/column-field.ts'
import type { ExprNode, FuncNode, LookupTree } from '../../query/nodes.ts'
import { notSupported } from '../dialects/shared.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, sql } from '../fragment.ts'
import { arg, type Emit, type FunctionSql, operand, sqlOf } from './record.ts'

const mysql: Emit = () => {
  throw notSupported('A lookup of arrays', 'mysql')
}

/** The numbers behind the name of a node; digits, which was checked when its path was read. */
function numbersOf({ name }: FuncNode): readonly number[] {
  return name.split(':').slice(1).map(Number)
}

function isIndex(node: ExprNode): node is FuncNode {
  return node.kind === 'func' && node.name.startsWith('ArrayIndex:')
}

/** An array, and the indexes into it and into the arrays in it. */
function indexesOf(node: FuncNode): readonly [base: ExprNode, indexes: readonly number[]] {
  const indexes: number[] = []
  let base: ExprNode = node
  while (isIndex(base)) {
    indexes.unshift(...numbersOf(base))
    base = operand<ExprNode>(base.args, 0)
  }
  return [base, indexes]
}

/** PostgreSQL gives nothing for fewer indexes than dimensions, but slices. */
const indexPostgres: Emit = (node, emitter) => {
  const [base, indexes] = indexesOf(node)
  const array = emitter.plain(base)
  if (node.field.item === undefined) {
    return sql`(${array})${keyword(indexes.map((at) => `[${at + 1}]`).join(''))}`
  }
  if (node.field.item.item !== undefined) {
    throw notSupported('An index that leaves more than one dimension of an array', 'postgresql')
  }
  const slices = keyword(indexes.map((at) => `[${at + 1}:${at + 1}]`).join(''))
  return sql`nullif(array(select unnest((${array})${slices})), '{}')`
}

const indexSqlite: Emit = (node, emitter) => {
  const [at = 0] = numbersOf(node)
  const { field } = node
  const array = arg(node, 0, emitter)
  if (field.item !== undefined) return sql`(${array} -> '$[${keyword(String(at))}]')`
  const item = sql`(${array} ->> '$[${keyword(String(at))}]')`
  if (field.family === 'bigint') return sql`cast(${item} as integer)`
  return field.family === 'binary' ? sql`unhex(substr(${item}, 3))` : item
}

const slicePostgres: Emit = (node, emitter) => {
  const [from = 0, to = 0] = numbersOf(node)
  return sql`((${arg(node, 0, emitter)})[${keyword(`${from + 1}:${to}`)}])`
}

const sliceSqlite: Emit = (node, emitter) => {
  const [from = 0, to = 0] = numbersOf(node)
  const array = arg(node, 0, emitter)
  const items = sql`select value from json_each(${array}) where key >= ${keyword(String(from))} and key < ${keyword(String(to))} order by key`
  const whole = node.field.item?.item === undefined ? keyword('value') : keyword('json(value)')
  return sql`case when ${array} is not null then (select json_group_array(${whole}) from (${items})) end`
}

/** The SQL of the transforms of arrays. */
export const ARRAY_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['ArrayIndex', sqlOf({ sqlite: indexSqlite, postgresql: indexPostgres, mysql })],
  ['ArraySlice', sqlOf({ sqlite: sliceSqlite, postgresql: slicePostgres, mysql })],
  [
    'len',
    sqlOf({
      sqlite: 'json_array_length({0})',
      postgresql: 'case when {0} is not null then coalesce(array_length({0}, 1), 0) end',
      mysql,
    }),
  ],
])

/** The items of JSON text that holds an array, those of arrays in it; and one of them to compare. */
function itemsOf(
  array: Fragment,
  { item }: ColumnField,
): readonly [from: Fragment, item: Fragment] {
  const isNested = item?.item !== undefined
  let inner = item
  while (inner?.item !== undefined) inner = inner.item
  const value = keyword(inner?.family === 'decimal' ? 'cast(value as real)' : 'value')
  const isItem = keyword(isNested ? "type not in ('array', 'null')" : "type <> 'null'")
  const each = keyword(isNested ? 'json_tree' : 'json_each')
  return [sql`${each}(${array}) where ${isItem}`, value]
}

/** Whether all items of one array are in another. NULL is in none. */
function isWithin(part: Fragment, whole: Fragment, field: ColumnField): Fragment {
  const [items, item] = itemsOf(whole, field)
  const [, other] = itemsOf(part, field)
  const each = keyword(field.item?.item === undefined ? 'json_each' : 'json_tree')
  const isWrong = sql`(type = 'null' or ${other} not in (select ${item} from ${items}))`
  const isItem = keyword(field.item?.item === undefined ? '' : "type <> 'array' and ")
  return sql`not exists (select 1 from ${each}(${part}) where ${isItem}${isWrong})`
}

function haveCommon(left: Fragment, right: Fragment, field: ColumnField): Fragment {
  const [items, item] = itemsOf(left, field)
  const [others, other] = itemsOf(right, field)
  return sql`exists (select 1 from ${items} and ${item} in (select ${other} from ${others}))`
}

const OPERATORS = { arrayContains: '@>', arrayContainedBy: '<@', arrayOverlap: '&&' } as const

/** The lookups `contains`, `containedBy` and `overlap` of arrays. */
export function emitArrayLookup(tree: LookupTree, emitter: Emitter): Fragment {
  const { left: node } = tree
  const lookup = tree.lookup as keyof typeof OPERATORS
  const other = operand(tree.right, 0)
  const { name } = emitter.dialect
  if (name === 'mysql') throw notSupported('A lookup of arrays', name)
  const left = emitter.plain(node)
  const right = emitter.plain(other)
  if (name === 'postgresql') return sql`${left} ${keyword(OPERATORS[lookup])} ${right}`
  const both =
    other.kind === 'param'
      ? sql`${left} is not null`
      : sql`${left} is not null and ${right} is not null`
  return sql`case when ${both} then ${answer(lookup, left, right, node.field)} end`
}

function answer(lookup: string, left: Fragment, right: Fragment, field: ColumnField): Fragment {
  if (lookup === 'arrayOverlap') return haveCommon(left, right, field)
  return lookup === 'arrayContains' ? isWithin(right, left, field) : isWithin(left, right, field)
}

/**
 * Sees to it that values have an order.
 *
 * @throws NotSupportedError of arrays where they are text
 */
export function assertOrdered({ field }: ExprNode, { dialect }: Emitter): void {
  if (field.family !== 'array' || dialect.name === 'postgresql') return
  throw notSupported('An order of arrays (order by an item or by len)', dialect.name)
}
