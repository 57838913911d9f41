import { FieldError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { assertAlias } from './alias-names.ts'
import { Expression, pathExpression } from './expression.ts'
import { FilteredRelationSpec, withFilteredRelation } from './filtered-relation.ts'
import { assertWithin } from './limits.ts'
import { assertMeasured } from './nesting.ts'
import type { ExprNode, Grouping, NamedNode, QueryState } from './nodes.ts'
import { columnRef, type Scope } from './paths.ts'
import type { RawExpression } from './raw.ts'
import { resolveExpression } from './resolve.ts'
import { assertNotCombined, patchState, scopeOf, withAnnotation } from './state.ts'
import { containsAggregate, partsOf, someNode } from './walk.ts'

/**
 * Expressions under names: part of the rows, and known to every later call. An aggregate groups the
 * rows: by what `values()` named, else by the model's rows.
 *
 * @throws FieldError for unknown paths and names that cannot be used
 */
export function withAnnotate(state: QueryState, spec: unknown): QueryState {
  return annotated(state, spec, true, 'annotate()')
}

/** The same, but not part of the rows. */
export function withAlias(state: QueryState, spec: unknown): QueryState {
  return annotated(state, spec, false, 'alias()')
}

function annotated(state: QueryState, spec: unknown, selected: boolean, verb: string): QueryState {
  assertNotCombined(state, verb)
  if (!isPlainObject(spec)) {
    throw new FieldError(`${verb} takes an object of expressions: { n: Count('books') }.`)
  }
  let next = state
  for (const name of Object.keys(spec)) {
    if (selected) assertNoMember(next, name)
    const relation = FilteredRelationSpec.read(spec[name])
    if (relation !== null) {
      next = withFilteredRelation(next, name, relation)
      continue
    }
    assertAlias(scopeOf(next), name)
    const raw = readNamed(spec[name])
    if (raw === null) throw new FieldError(`${verb}: '${name}' must be an expression.`)
    next = annotate(next, name, resolveExpression(within(next, state), raw), selected)
  }
  return next
}

/**
 * Later expressions of one call know the earlier ones, but for names that a relation has too:
 * `{ books: Count('books'), reviews: Count('books__reviews') }`.
 */
function within({ model, annotations, filtered }: QueryState, before: QueryState): Scope {
  const known = [...annotations].filter(
    ([name]) => before.annotations.has(name) || !model.relations.has(name),
  )
  return known.length === annotations.size
    ? { model, annotations, filtered }
    : { model, annotations: new Map(known), filtered }
}

/** What stands under a name: an expression, a Q, or a path; null of anything else. */
export function readNamed(value: unknown): RawExpression | null {
  return typeof value === 'string' ? pathExpression(value) : Expression.raw(value)
}

/** One expression that is resolved, under a name. */
export function annotate(
  state: QueryState,
  name: string,
  node: ExprNode,
  selected: boolean,
): QueryState {
  assertNoNesting(state, name, node)
  assertMeasured(node, state.annotations)
  assertWithin('columns', state.annotations.size + 1, 'The number of annotations')
  const isGrouping = containsAggregate(node, state.annotations)
  const grouped = isGrouping ? patchState(state, { groupBy: groupingOf(state) }) : state
  const named = withAnnotation(grouped, name, { node, selected })
  return selected ? withColumn(named, name, node) : named
}

/** Rows of `values()` and `valuesList()` get one more column. */
function withColumn(state: QueryState, name: string, { field }: ExprNode): QueryState {
  const { projection } = state
  if (projection.kind === 'instances' || projection.kind === 'flat') return state
  if (projection.columns.some((column) => column.name === name)) return state
  const node: ExprNode = Object.freeze({ kind: 'annotation', name, field })
  const columns = Object.freeze([...projection.columns, Object.freeze({ name, node })])
  return patchState(state, { projection: Object.freeze({ ...projection, columns }) })
}

/** Source: Django's `QuerySet._annotate`, `Query.set_group_by`. */
function groupingOf(state: QueryState): Grouping {
  const { projection, groupBy, annotations, model } = state
  const position = state.steps?.length ?? 0
  if (projection.kind !== 'instances') {
    const columns = projection.columns.filter(
      (column) => !containsAggregate(column.node, annotations),
    )
    return Object.freeze({ columns: Object.freeze(columns), position })
  }
  if (groupBy !== null) return groupBy
  const key: NamedNode = Object.freeze({ name: 'pk', node: columnRef(model.primaryKey) })
  return Object.freeze({ columns: Object.freeze([key]), position })
}

function assertNoNesting({ annotations }: QueryState, name: string, node: ExprNode): void {
  const isNested = someNode(
    node,
    (part) =>
      part.kind === 'aggregate' &&
      partsOf(part).some((inner) => containsAggregate(inner, annotations)),
  )
  if (isNested) {
    throw new FieldError(`'${name}' cannot be computed: it is an aggregate of an aggregate.`)
  }
}

/**
 * An annotation is a property of instances, where it must not hide what they have.
 *
 * @throws FieldError
 */
export function assertNoMember({ projection, model }: QueryState, name: string): void {
  if (projection.kind !== 'instances' || model.relations.has(name)) return
  if (!(name in (model.modelClass.prototype as object))) return
  throw new FieldError(
    `The name '${name}' cannot be used for an expression: instances of ${model.name} have it.`,
  )
}
