import type { ExprNode, FuncNode } from '../../query/nodes.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, list, sql } from '../fragment.ts'
import { type Emit, type FunctionSql, operand, sqlOf } from './record.ts'

function inner(node: FuncNode, emitter: Emitter): Fragment {
  return emitter.plain(operand(node.args, 0))
}

const text: Emit = (node, emitter) => emitter.dialect.json.text(inner(node, emitter))

/** SQLite gives numbers for numbers, true and false. */
const sqliteText: Emit = (node, emitter) => {
  const json = inner(node, emitter)
  return sql`case json_type(${json}) when 'true' then 'true' when 'false' then 'false' else cast(${json} ->> '$' as text) end`
}

/** Values as what JSON makes of them: the same on every database. */
function member(node: ExprNode, emitter: Emitter): Fragment {
  const value = emitter.typed(node)
  const isSqlite = emitter.dialect.name === 'sqlite'
  if (node.field.family === 'dateTime' && emitter.dialect.name === 'postgresql') {
    return sql`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')`
  }
  if (!isSqlite) return value
  if (node.field.family === 'json') return sql`json(${emitter.plain(node)})`
  if (node.field.family !== 'boolean') return value
  return sql`json(case ${value} when 1 then 'true' when 0 then 'false' end)`
}

function made(name: string): Emit {
  return (node, emitter) => {
    const members = node.args.map((arg) => member(arg, emitter))
    return sql`${keyword(name)}(${list(members)})`
  }
}

/** The SQL of the functions of `query/functions/json.ts`. */
export const JSON_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['JsonText', sqlOf({ sqlite: sqliteText, postgresql: text, mysql: text })],
  [
    'JSONObject',
    sqlOf({
      sqlite: made('json_object'),
      postgresql: made('jsonb_build_object'),
      mysql: made('json_object'),
    }),
  ],
  [
    'JSONArray',
    sqlOf({
      sqlite: made('json_array'),
      postgresql: made('jsonb_build_array'),
      mysql: made('json_array'),
    }),
  ],
])
