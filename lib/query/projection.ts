import { FieldError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { assertAlias } from './alias-names.ts'
import { annotate, readNamed } from './annotations.ts'
import { Expression } from './expression.ts'
import { assertWithin } from './limits.ts'
import type { ExprNode, NamedNode, Projection, QueryState } from './nodes.ts'
import { columnRef, resolveWhole } from './paths.ts'
import { resolveExpression } from './resolve.ts'
import { assertNotCombined, scopeOf } from './state.ts'
import { withProjection } from './state-record.ts'
import { containsAggregate } from './walk.ts'

/**
 * Rows as objects of the named paths and expressions; of every column without any.
 *
 * @example values('title', 'author__name', { twice: F('pages').mul(2) })
 * @throws FieldError for unknown paths, and for names that cannot be used
 */
export function withValues(state: QueryState, terms: readonly unknown[]): QueryState {
  const named = nameTerms(state, terms, 'values()')
  const columns = new Map(named.columns.map((column) => [column.name, column]))
  return project(named.state, 'values', [...columns.values()])
}

/** Rows as arrays of the paths and expressions, in their order. */
export function withValuesList(state: QueryState, terms: readonly unknown[]): QueryState {
  const named = nameTerms(state, terms, 'valuesList()')
  return project(named.state, 'valuesList', named.columns)
}

/** Single values instead of rows: `valuesList('name', { flat: true })`. */
export function withFlat(state: QueryState, ...terms: readonly unknown[]): QueryState {
  const named = nameTerms(state, terms, 'valuesList()')
  if (named.columns.length !== 1) {
    throw new FieldError('valuesList() with flat takes exactly one path or expression.')
  }
  return project(named.state, 'flat', named.columns)
}

function project(
  state: QueryState,
  kind: Exclude<Projection['kind'], 'instances'>,
  columns: readonly NamedNode[],
): QueryState {
  assertWithin('columns', columns.length, 'The number of columns')
  Object.freeze(columns)
  return withProjection(state, (position): Projection => Object.freeze({ kind, columns, position }))
}

interface NamedTerms {
  /** With what is computed for them as annotations. */
  readonly state: QueryState
  readonly columns: readonly NamedNode[]
}

function nameTerms(state: QueryState, terms: readonly unknown[], what: string): NamedTerms {
  if (terms.length === 0) return { state, columns: everything(state) }
  let next = state
  const columns = terms.flatMap((term, index) => {
    if (typeof term === 'string') {
      return [Object.freeze({ name: term, node: resolveWhole(scopeOf(next), term).node })]
    }
    return computedTerms(next, term, index, what).map(({ name, node, isNamed }) => {
      if (!isNamed && !containsAggregate(node, next.annotations)) {
        return Object.freeze({ name, node })
      }
      assertNotCombined(state, `${what} with expressions`)
      next = annotate(next, name, node, true)
      return annotationColumn(name, node)
    })
  })
  return { state: next, columns }
}

function annotationColumn(name: string, { field }: ExprNode): NamedNode {
  const node: ExprNode = Object.freeze({ kind: 'annotation', name, field })
  return Object.freeze({ name, node })
}

/** Every column and annotation, under its property's name. */
function everything(state: QueryState): NamedNode[] {
  const columns = state.model.columns.map(
    (column): NamedNode => Object.freeze({ name: column.name, node: columnRef(column) }),
  )
  for (const [name, { node, selected }] of state.annotations) {
    if (!selected) continue
    columns.push(annotationColumn(name, node))
  }
  return columns
}

interface Term extends NamedNode {
  readonly isNamed: boolean
}

function computedTerms(state: QueryState, term: unknown, index: number, what: string): Term[] {
  const scope = scopeOf(state)
  const raw = Expression.raw(term)
  if (raw !== null) {
    if (what === 'values()') {
      throw new FieldError('values() takes expressions by name: values({ upper: Upper(…) }).')
    }
    const node = resolveExpression(scope, raw)
    return [{ name: `expression${index + 1}`, node, isNamed: false }]
  }
  if (!isPlainObject(term)) {
    throw new FieldError(`${what} takes paths and expressions.`)
  }
  return Object.keys(term).map((name) => {
    assertAlias(scope, name)
    const expression = readNamed(term[name])
    if (expression === null) throw new FieldError(`${what}: '${name}' must be an expression.`)
    return { name, node: resolveExpression(scope, expression), isNamed: true }
  })
}
