import type { ColumnNode, CombinedPlan, ExprNode, SelectPlan, Source } from './nodes.ts'

/** The subquery that a query around it selects from. */
export const INSIDE: Source = Object.freeze({ alias: 'q', table: 'q', model: null })

/** How a query ends that has no order and no limits. */
export const UNLIMITED: Pick<
  SelectPlan,
  'distinct' | 'distinctOn' | 'ordering' | 'offset' | 'limit' | 'window'
> = { distinct: false, distinctOn: [], ordering: [], offset: 0, limit: null, window: null }

/** The name of a subquery's column, by its place. */
export function resultName(index: number): string {
  return `c${index}`
}

/** A column of the subquery, by its place. */
export function resultColumn({ field }: ExprNode, index: number): ColumnNode {
  return { kind: 'column', source: INSIDE, column: resultName(index), field, nullable: true }
}

/** A query over the rows of another one, whose columns are c0, c1, … of `q`. */
export function around(
  query: SelectPlan | CombinedPlan,
  select: readonly ExprNode[],
  isEmpty: boolean = 'isEmpty' in query && query.isEmpty,
): SelectPlan {
  return {
    from: { source: INSIDE, query },
    joins: [],
    where: null,
    groupBy: [],
    having: null,
    select,
    ...UNLIMITED,
    lock: null,
    isEmpty,
  }
}
