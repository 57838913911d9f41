import { FieldError } from '../errors.ts'
import type { ColumnMeta } from '../meta/model-meta.ts'
import type { JoinedSource } from './joins.ts'
import type {
  ColumnNode,
  ExprNode,
  InstanceShape,
  LoadMask,
  QueryState,
  RelatedShape,
  RelatedTree,
} from './nodes.ts'
import type { Planner } from './planner.ts'
import { loadedColumns } from './related.ts'

/** The select list of rows that become instances, related ones behind their own. */
export function planInstances(
  planner: Planner,
  state: QueryState,
): { readonly select: readonly ExprNode[]; readonly shape: InstanceShape } {
  const { root } = planner.joins
  const columns = loadedColumns(state.model, state.loadMask)
  const select: ExprNode[] = columns.map((column) => columnOf(column, root))
  const related = planRelated(planner, state.selectRelated, state.loadMask, columns, root, select)
  const annotations = [...state.annotations]
    .filter(([, { selected }]) => selected)
    .map(([name, { node }]) => {
      const bound = planner.annotations.get(name)
      if (bound === undefined) throw new FieldError(`There is no annotation '${name}'.`)
      return { name, field: node.field, offset: select.push(bound) - 1 }
    })
  return { select, shape: { kind: 'instances', model: state.model, columns, related, annotations } }
}

function planRelated(
  planner: Planner,
  tree: RelatedTree,
  mask: LoadMask | null,
  loaded: readonly ColumnMeta[],
  parent: JoinedSource,
  select: ExprNode[],
): RelatedShape[] {
  return [...tree].map(([name, { relation, children }]) => {
    const isForward = relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
    if (isForward && relation.keyColumn !== null && !loaded.includes(relation.keyColumn)) {
      throw new FieldError(
        `${relation.from.name}.${name} cannot be both deferred and loaded by selectRelated().`,
      )
    }
    let source = parent
    for (const step of relation.steps) source = planner.join(source, step, null)
    for (let at: JoinedSource | null = source; at !== null && at !== parent; at = at.parent)
      at.uses += 1
    const childMask = mask?.children.get(name) ?? null
    const columns = loadedColumns(relation.to, childMask)
    const offset = select.length
    for (const column of columns) select.push(columnOf(column, source))
    const keyOffset = offset + columns.indexOf(relation.to.primaryKey)
    const related = planRelated(planner, children, childMask, columns, source, select)
    return { relation, columns, offset, keyOffset, related }
  })
}

function columnOf(column: ColumnMeta, source: JoinedSource): ColumnNode {
  return {
    kind: 'column',
    source,
    column: column.column,
    field: column.field,
    nullable: column.null,
  }
}
