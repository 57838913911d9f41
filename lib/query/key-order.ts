import type { ModelMeta } from '../meta/model-meta.ts'
import type { ExprNode, QueryState, RowShape } from './nodes.ts'
import { columnRef } from './paths.ts'
import { planSelect } from './plan.ts'
import { isSliced, orderingOf, patchState, withFilter, withReverse, withSlice } from './state.ts'
import { someNode } from './walk.ts'

/** A query whose rows come in the order of their primary key, so that they can be read on from one. */
export interface KeyOrder {
  readonly state: QueryState
  /** Where in a row its key is. */
  readonly offset: number
}

/**
 * The same query in the order of the primary key, where that is an order that it may have; null
 * where it has another, or a row may be there twice or have no key.
 */
export function withKeyOrder(state: QueryState): KeyOrder | null {
  if (state.combination !== null || state.groupBy !== null || state.distinct !== false) return null
  if (isSliced(state) || state.lock !== null) return null
  const { primaryKey } = state.model
  const ordering = orderingOf(state)
  const [first] = ordering
  if (first !== undefined && !isKeyNode(first.node, state.model)) return null
  const { plan, shape } = planSelect(state)
  const isPlain = plan.groupBy.length === 0 && plan.having === null && plan.from.query === null
  if (!isPlain || plan.joins.some(({ step }) => step.toMany)) return null
  // Windows are over all rows, not over those of a page.
  const isWindow = ({ kind }: ExprNode): boolean => kind === 'window' || kind === 'rowNumber'
  if (plan.select.some((node) => someNode(node, isWindow))) return null
  const offset = keyOffset(state, shape)
  if (offset < 0) return null
  const order = first ?? { node: columnRef(primaryKey), descending: false, nulls: null }
  return { state: patchState(state, { ordering: [order], reversed: false }), offset }
}

/** Between which keys rows are, the first of them left out; undefined for no end. */
export interface KeySpan {
  readonly behind: unknown
  readonly upTo: unknown
}

/** The next rows of a span of keys. */
export function pageOf({ state }: KeyOrder, { behind, upTo }: KeySpan, count: number): QueryState {
  const [after, until] = isDescending(state) ? ['pk__lt', 'pk__gte'] : ['pk__gt', 'pk__lte']
  const conditions = {
    ...(behind === undefined ? {} : { [after]: behind }),
    ...(upTo === undefined ? {} : { [until]: upTo }),
  }
  return withSlice(withFilter(state, [conditions]), 0, count)
}

/** The row that is the last one now. */
export function lastOf({ state }: KeyOrder): QueryState {
  return withSlice(withReverse(state), 0, 1)
}

function isDescending({ ordering }: QueryState): boolean {
  return ordering?.[0]?.descending === true
}

function isKeyNode(node: ExprNode | null, { primaryKey }: ModelMeta): boolean {
  return node?.kind === 'ref' && node.hops.length === 0 && node.column === primaryKey
}

function keyOffset({ model, projection }: QueryState, shape: RowShape): number {
  if (shape.kind === 'instances') return shape.columns.indexOf(model.primaryKey)
  if (projection.kind === 'instances') return -1
  return projection.columns.findIndex(({ node }) => isKeyNode(node, model))
}
