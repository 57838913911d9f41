import type { DialectName } from '../../fields/dialect.ts'
import type { ExprNode, FuncNode } from '../../query/nodes.ts'
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

/**
 * One of the parts that planning gives a lookup or function.
 *
 * @throws TypeError for a mistake of this library
 * @example operand(tree.right, 0)
 */
export function operand<T = ExprNode>(parts: readonly T[], at: number): T {
  const found = parts[at]
  if (found === undefined) throw new TypeError('A lookup or function lacks one of its parts.')
  return found
}

/** The argument of a function where nothing else tells a bound value's type. */
export function arg(node: FuncNode, index: number, emitter: Emitter): Fragment {
  return emitter.typed(operand(node.args, index))
}

function emitOf(template: Template): Emit {
  if (typeof template !== 'string') return template
  const pieces = template.split(/\{(\d|\*)\}/)
  const [only = ''] = pieces
  if (pieces.length === 1) return () => keyword(only)
  return (node, emitter) => {
    const args = node.args.map((each) => emitter.typed(each))
    return filled(pieces, args)
  }
}

/** Text, and in every second place the number of an argument. */
function filled(pieces: readonly string[], args: readonly Fragment[]): Fragment {
  let whole = keyword('')
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 0) {
      whole = sql`${whole}${keyword(piece)}`
      continue
    }
    whole = sql`${whole}${piece === '*' ? list(args) : operand(args, Number(piece))}`
  }
  return whole
}
