import { FieldError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { JoinedSource } from './joins.ts'
import type { ConditionTree, ExprNode, QueryState, Source } from './nodes.ts'
import { columnRef, modelScope } from './paths.ts'
import { planInner, replay, whereOf } from './plan.ts'
import { Planner } from './planner.ts'
import type { RawExpression } from './raw.ts'
import { resolveExpression } from './resolve.ts'
import { isSliced } from './state.ts'

/** Which rows an UPDATE or DELETE is for, and what it sets. */
export interface WritePlan {
  readonly root: Source
  /** Null: every row. */
  readonly where: ConditionTree | null
  readonly isEmpty: boolean
  readonly assignments: readonly {
    readonly column: string
    readonly node: ExprNode
    readonly field: ColumnField
  }[]
}

/** A column and what it is set to. */
export interface Assignment {
  readonly column: ColumnMeta
  readonly node: ExprNode
}

/** UPDATE or DELETE of a state's rows: with joins, of the rows whose key a subquery finds. */
export function planWrite(state: QueryState, assignments: readonly Assignment[]): WritePlan {
  const { planner } = replay({ ...state, projection: { kind: 'instances' } }, null)
  const needsQuery =
    isSliced(state) ||
    planner.joins.sources.some((source) => source !== planner.joins.root && source.uses > 0)
  const target = needsQuery ? new Planner(state.model, null, planInner) : planner
  if (needsQuery) target.filter(inSubquery(state), new Set())
  const bound = assignments.map(({ column, node }) => {
    const value = target.bind(node, null)
    assertOwnColumns(value, target.joins.root, column.name)
    return { column: column.column, node: value, field: column.field }
  })
  const where = whereOf(target)
  target.joins.finish(0, [], target.joins.root)
  return {
    root: target.joins.root,
    where: where.kind === 'constant' ? null : where,
    isEmpty: state.isNone || (where.kind === 'constant' && !where.value),
    assignments: bound,
  }
}

function inSubquery(state: QueryState): ConditionTree {
  const node = columnRef(state.model.primaryKey)
  const narrowed: QueryState = {
    ...state,
    selectRelated: new Map(),
    projection: {
      kind: 'flat',
      columns: [{ name: 'pk', node }],
      position: state.steps?.length ?? 0,
    },
  }
  const query: ExprNode = { kind: 'query', state: narrowed, exists: false, field: node.field }
  return { kind: 'lookup', lookup: 'in', left: node, right: [query], flag: true }
}

function assertOwnColumns(node: ExprNode, root: JoinedSource, name: string): void {
  if (node.kind === 'column' && node.source !== root) {
    throw new FieldError(
      `'${name}' can only be set to columns of its own model, not of a relation.`,
    )
  }
  if (node.kind === 'aggregate') throw new FieldError(`'${name}' cannot be set to an aggregate.`)
  if (node.kind === 'func') for (const arg of node.args) assertOwnColumns(arg, root, name)
}

/** An expression that a new row's column is set to: it has no row to read columns of. */
export function planValue(model: ModelMeta, column: ColumnMeta, raw: RawExpression): ExprNode {
  const node = resolveExpression(modelScope(model), raw)
  assertNoColumns(node, `${model.name}.${column.name}`)
  return new Planner(model, null, planInner).bind(node, null)
}

function assertNoColumns(node: ExprNode, label: string): void {
  if (node.kind === 'ref' || node.kind === 'aggregate') {
    throw new FieldError(
      `${label} of a new row cannot be computed of columns: there is no row yet.`,
    )
  }
  if (node.kind === 'func') for (const arg of node.args) assertNoColumns(arg, label)
}
