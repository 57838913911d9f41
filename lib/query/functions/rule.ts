import { FieldError } from '../../errors.ts'
import type { ColumnField, Family } from '../../fields/column-field.ts'
import { commonField, resolveAlike, storedAs } from '../expression-types.ts'
import type { ExprNode, FuncNode, OuterNode } from '../nodes.ts'
import { OUTPUT } from '../outputs.ts'
import type { RawExpression } from '../raw.ts'

/** A call whose arguments are about to be resolved. */
export interface Call {
  readonly name: string
  readonly args: readonly RawExpression[]
  readonly option: unknown
  /** An argument's node; a literal takes the type of `beside` where that is exact. */
  resolve(raw: RawExpression, beside: ColumnField | null): ExprNode
}

/** Checks the arguments of a function and says how its result is read. */
export type FunctionRule = (call: Call) => ExprNode

/** What one argument may be. */
export interface Parameter {
  readonly what: string
  /** The type that NULL has in its place. */
  readonly field: ColumnField
  takes(field: ColumnField): boolean
}

function families(what: string, field: ColumnField, ...names: readonly Family[]): Parameter {
  const set = new Set<Family>(names)
  return { what, field, takes: ({ family }) => set.has(family) }
}

/** Arguments by what they are. */
export const TAKES: Readonly<
  Record<'text' | 'printable' | 'integer' | 'number' | 'json', Parameter>
> = {
  text: families('text', OUTPUT.text, 'text'),
  printable: families(
    'text, numbers, dates and times',
    OUTPUT.text,
    ...(['text', 'number', 'bigint', 'decimal', 'uuid', 'date', 'time'] as const),
  ),
  integer: {
    what: 'a whole number',
    field: OUTPUT.integer,
    takes: ({ family, name }) => family === 'number' && name !== 'float',
  },
  number: families('a number', OUTPUT.float, 'number', 'bigint', 'decimal'),
  json: families('JSON', OUTPUT.json, 'json'),
}

/** A function or operator as data. */
export function funcNode(name: string, args: readonly ExprNode[], field: ColumnField): FuncNode {
  return Object.freeze({ kind: 'func', name, args: Object.freeze(args), field })
}

/** A function of what is of the query around: it is checked there. Its option is plain data. */
export function calledOutside(
  { name, option }: Call,
  node: OuterNode,
  field: ColumnField,
): OuterNode {
  const { raw } = node
  const args = Object.freeze([raw] as const)
  const call = Object.freeze({ kind: 'func' as const, name, args, option, depth: raw.depth + 1 })
  return Object.freeze({ ...node, raw: call, field })
}

/** A function of such arguments; those beyond the last parameter are like it. */
export function rule(
  parameters: readonly Parameter[],
  output: ColumnField | ((args: readonly ExprNode[]) => ColumnField),
): FunctionRule {
  return (given) => {
    const args = given.args.map((raw, index) => {
      const parameter = parameters[Math.min(index, parameters.length - 1)]
      if (parameter === undefined) throw new FieldError(`${given.name}() takes no arguments.`)
      return argument(given, raw, parameter)
    })
    return funcNode(given.name, args, typeof output === 'function' ? output(args) : output)
  }
}

/** One argument that must be of a kind. */
export function argument(given: Call, raw: RawExpression, parameter: Parameter): ExprNode {
  const isNull = raw.kind === 'value' && raw.value === null
  const node = given.resolve(raw, isNull ? parameter.field : null)
  if (node.kind === 'outer' || parameter.takes(node.field)) return node
  throw new FieldError(
    `${given.name}() takes ${parameter.what} there, got a value of the family ` +
      `'${node.field.family}': Cast() makes another of it.`,
  )
}

const NUMERIC: ReadonlySet<Family> = new Set<Family>(['number', 'bigint', 'decimal'])

/** Whether values of a field are numbers. */
export function isNumeric({ family }: ColumnField): boolean {
  return NUMERIC.has(family)
}

/** Whether values of a field are whole numbers. */
export function isInteger({ family, name }: ColumnField): boolean {
  return family === 'bigint' || (family === 'number' && name !== 'float')
}

/** How a computed value of the same kind as a column's is read. */
export function sameKind(field: ColumnField): ColumnField {
  switch (field.family) {
    case 'number':
      return field.name === 'float' ? OUTPUT.float : field.name === 'auto' ? field : OUTPUT.integer
    case 'bigint':
      return OUTPUT.bigint
    case 'decimal':
      return OUTPUT.decimal
    case 'text':
      return OUTPUT.text
    default:
      return field
  }
}

/**
 * Arguments that must be of one type, and that type. Literals take the type of the first that is
 * none.
 *
 * @throws FieldError if they are of several
 */
export function alike(given: Call): FuncNode {
  const expression = (raw: RawExpression): ExprNode => given.resolve(raw, null)
  const nodes = resolveAlike(given.args, expression)
  const { args, field } = sameStorage(nodes, commonField(`${given.name}()`, nodes))
  return funcNode(given.name, args, field)
}

/** Instants that columns of SQLite store in several forms are brought into one. */
function sameStorage(
  args: readonly ExprNode[],
  field: ColumnField,
): { readonly args: readonly ExprNode[]; readonly field: ColumnField } {
  const storages = new Set(args.map((node) => node.field.storage ?? 'text'))
  if (field.family !== 'dateTime' || storages.size === 1) return { args, field: sameKind(field) }
  const asText = args.map((node) => storedAs(node, OUTPUT.dateTime))
  return { args: asText, field: OUTPUT.dateTime }
}
