import type { ColumnNode, ConditionTree, ExprNode, QueryState, Source } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { type PlannedSelect, selectUnder } from './plan.ts'
import { around, resultName } from './plan-rows.ts'
import { NEAR_KEY } from './related-rows.ts'
import { orderingOf, patchState } from './state.ts'

/**
 * The plan of a sliced query of the far rows of many near ones (`withFarKeys`, told), where the slice
 * is taken for each near row by itself: the rows are numbered for each, in their order.
 */
export function planSlices(state: QueryState): Omit<PlannedSelect, 'width'> {
  const whole = patchState(state, { offset: 0, limit: null })
  const { plan, shape } = selectUnder(whole, null, orderingOf(state))
  const told =
    shape.kind === 'instances' ? shape.annotations.find(({ name }) => name === NEAR_KEY) : undefined
  const partition = told && plan.select[told.offset]
  if (partition === undefined) throw new TypeError('This query does not tell whose rows it has.')
  const rank: ExprNode = {
    kind: 'rowNumber',
    partition,
    ordering: plan.ordering,
    field: OUTPUT.integer,
  }
  const inner = { ...plan, select: [...plan.select, rank], ordering: [], lock: null }
  const source: Source = { alias: 'q', table: 'q', model: null }
  const columns = inner.select.map((node, at) => resultColumn(source, node, at))
  const number = columns[columns.length - 1] as ColumnNode
  const outer = around(inner, columns.slice(0, -1))
  const where = {
    kind: 'group' as const,
    connector: 'and' as const,
    children: within(state, number),
  }
  const ordering = [{ node: number, descending: false, nulls: null }]
  return { plan: { ...outer, where, ordering }, shape }
}

function resultColumn(source: Source, { field }: ExprNode, at: number): ColumnNode {
  return { kind: 'column', source, column: resultName(at), field, nullable: true }
}

function within({ offset, limit }: QueryState, number: ColumnNode): readonly ConditionTree[] {
  const bound = (lookup: string, value: number): ConditionTree => ({
    kind: 'lookup',
    lookup,
    left: number,
    right: [{ kind: 'param', value, field: number.field }],
    flag: false,
  })
  const from = offset > 0 ? [bound('gt', offset)] : []
  return limit === null ? from : [...from, bound('lte', offset + limit)]
}
