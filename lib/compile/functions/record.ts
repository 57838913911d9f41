import type { DialectName } from '../../fields/dialect.ts'
import type { FuncNode } from '../../query/nodes.ts'
import { notSupported } from '../dialects/shared.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, list, sql } from '../fragment.ts'

/** Makes the SQL of one function. */
export type Emit = (node: FuncNode, emitter: Emitter) => Fragment

/** The SQL of a function in each dialect. */
export type FunctionSql = Readonly<Record<DialectName, Emit>>

/** SQL where `{0}`, `{1}` … stand for arguments and `{*}` for all of them; or what makes it. */
export type Template = string | Emit

/** A function by its SQL in each dialect. */
export function sqlOf(templates: Readonly<Record<DialectName, Template>>): FunctionSql {
  return {
    sqlite: emitOf(templates.sqlite),
    postgresql: emitOf(templates.postgresql),
    mysql: emitOf(templates.mysql),
  }
}

/** A function that every database has under the same name. */
export function everywhere(template: Template): FunctionSql {
  return sqlOf({ sqlite: template, postgresql: template, mysql: template })
}

/** What a database does not have; says what to do instead. */
export function unsupported(what: string, dialect: string, cure: string): Emit {
  return () => {
    throw notSupported(`${what} (${cure})`, dialect)
  }
}

/** The argument of a function where nothing else tells a bound value's type. */
export function arg(node: FuncNode, index: number, emitter: Emitter): Fragment {
  const found = node.args[index]
  if (found === undefined) throw new TypeError(`The function '${node.name}' lacks an argument.`)
  return emitter.typed(found)
}

function emitOf(template: Template): Emit {
  if (typeof template !== 'string') return template
  const pieces = template.split(/\{(\d|\*)\}/)
  const [only = ''] = pieces
  if (pieces.length === 1) return () => keyword(only)
  return (node, emitter) => {
    const args = node.args.map((each) => emitter.typed(each))
    return filled(pieces, args, node.name)
  }
}

/** Text, and in every second place the number of an argument. */
function filled(pieces: readonly string[], args: readonly Fragment[], name: string): Fragment {
  let whole = keyword('')
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 0) {
      whole = sql`${whole}${keyword(piece)}`
      continue
    }
    const part = piece === '*' ? list(args) : args[Number(piece)]
    if (part === undefined) throw new TypeError(`The function '${name}' lacks an argument.`)
    whole = sql`${whole}${part}`
  }
  return whole
}
