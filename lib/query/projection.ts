import { FieldError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { Expression } from './expression.ts'
import { assertWithin } from './limits.ts'
import type { ExprNode, NamedNode, Projection, QueryState } from './nodes.ts'
import { columnRef, resolveWhole, type Scope } from './paths.ts'
import { resolveExpression } from './resolve.ts'
import { assertNotCombined, patchState, scopeOf } from './state.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** PostgreSQL cuts longer ones. */
const MAX_NAME_LENGTH = 63
const REFUSED: ReadonlySet<string> = new Set([
  'pk',
  'then',
  'constructor',
  '__proto__',
  'prototype',
])

/**
 * Rows as objects of the named paths and expressions; of every column without any.
 *
 * @example values('title', 'author__name', { twice: F('pages').mul(2) })
 * @throws FieldError for unknown paths, and for names that cannot be used
 */
export function withValues(state: QueryState, terms: readonly unknown[]): QueryState {
  const columns = new Map(named(state, terms, 'values()').map((column) => [column.name, column]))
  return project(state, 'values', [...columns.values()])
}

/** Rows as arrays of the paths and expressions, in their order. */
export function withValuesList(state: QueryState, terms: readonly unknown[]): QueryState {
  return project(state, 'valuesList', named(state, terms, 'valuesList()'))
}

/** Single values instead of rows: `valuesList('name', { flat: true })`. */
export function withFlat(state: QueryState, ...terms: readonly unknown[]): QueryState {
  const columns = named(state, terms, 'valuesList()')
  if (columns.length !== 1) {
    throw new FieldError('valuesList() with flat takes exactly one path or expression.')
  }
  return project(state, 'flat', columns)
}

function project(
  state: QueryState,
  kind: Exclude<Projection['kind'], 'instances'>,
  columns: readonly NamedNode[],
): QueryState {
  assertWithin('columns', columns.length, 'The number of columns')
  const projection: Projection = Object.freeze({
    kind,
    columns: Object.freeze(columns),
    position: state.steps?.length ?? 0,
  })
  return patchState(state, { projection, loadMask: null })
}

function named(state: QueryState, terms: readonly unknown[], what: string): NamedNode[] {
  assertNotCombined(state, what)
  const scope = scopeOf(state)
  if (terms.length === 0) return everything(state)
  return terms.flatMap((term, index) => namedTerm(scope, term, index, what))
}

/** Every column and annotation, under its property's name. */
function everything(state: QueryState): NamedNode[] {
  const columns = state.model.columns.map(
    (column): NamedNode => Object.freeze({ name: column.name, node: columnRef(column) }),
  )
  for (const [name, { node, selected }] of state.annotations) {
    if (!selected) continue
    const named: ExprNode = { kind: 'annotation', name, field: node.field }
    columns.push(Object.freeze({ name, node: named }))
  }
  return columns
}

function namedTerm(scope: Scope, term: unknown, index: number, what: string): NamedNode[] {
  if (typeof term === 'string') {
    return [Object.freeze({ name: term, node: resolveWhole(scope, term).node })]
  }
  const raw = Expression.raw(term)
  if (raw !== null) {
    if (what === 'values()') {
      throw new FieldError('values() takes expressions by name: values({ upper: Upper(…) }).')
    }
    return [Object.freeze({ name: `expression${index + 1}`, node: resolveExpression(scope, raw) })]
  }
  if (!isPlainObject(term)) {
    throw new FieldError(`${what} takes paths and expressions.`)
  }
  return Object.keys(term).map((name) => {
    assertAlias(scope, name)
    const expression = Expression.raw(term[name])
    if (expression === null) throw new FieldError(`${what}: '${name}' must be an expression.`)
    return Object.freeze({ name, node: resolveExpression(scope, expression) })
  })
}

/**
 * Refuses names that cannot be a new property of rows: only letters, digits and `_`, not those
 * that JavaScript has or, where rows are the model's, the model.
 *
 * @throws FieldError
 */
export function assertAlias(scope: Scope | null, name: string): void {
  const problem = aliasProblem(scope, name)
  if (problem === null) return
  const shown = NAME.test(name) ? ` '${name.slice(0, 100)}'` : ''
  throw new FieldError(`The name${shown} cannot be used for an expression: ${problem}.`)
}

function aliasProblem(scope: Scope | null, name: string): string | null {
  if (!NAME.test(name)) return "names have only letters, digits and '_', and no digit first"
  if (name.length > MAX_NAME_LENGTH) return `it is longer than ${MAX_NAME_LENGTH} characters`
  if (name.includes('__')) return "it contains '__'"
  if (REFUSED.has(name) || name in Object.prototype) return 'JavaScript or the model needs it'
  if (scope === null) return null
  if (scope.model.columnsByName.has(name) || scope.model.relations.has(name)) {
    return `it is a field of ${scope.model.name}`
  }
  return null
}
