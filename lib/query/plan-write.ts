import { FieldError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { Joins } from './joins.ts'
import type { ConditionTree, ExprNode, QueryState, Source } from './nodes.ts'
import { columnRef, modelScope } from './paths.ts'
import { planInner, replay, whereOf } from './plan.ts'
import { splitConditions } from './plan-ending.ts'
import { Planner } from './planner.ts'
import type { RawExpression } from './raw.ts'
import { resolveExpression } from './resolve.ts'
import { isSliced } from './state.ts'
import { someNode, withExpressions, withParts } from './walk.ts'

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
    state.groupBy !== null ||
    splitConditions(whereOf(planner)).qualify !== null ||
    planner.joins.sources.some((source) => source !== planner.joins.root && source.uses > 0)
  const target = needsQuery ? new Planner(state.model, null, planInner) : planner
  if (needsQuery) target.filter(inSubquery(state), new Set())
  const bound = assignments.map(({ column, node }) => {
    const value = target.bind(withMeanings(node, state), null)
    assertOwnColumns(value, target.joins, column.name)
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

/** An expression with annotations replaced by what they stand for. */
function withMeanings(node: ExprNode, state: QueryState): ExprNode {
  if (node.kind === 'annotation') {
    const meant = state.annotations.get(node.name)
    return meant === undefined ? node : withMeanings(meant.node, state)
  }
  const inner = (part: ExprNode): ExprNode => withMeanings(part, state)
  return withParts(node, { node: inner, condition: (tree) => withExpressions(tree, inner) })
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

function assertOwnColumns(node: ExprNode, { root, sources }: Joins, name: string): void {
  // A subquery may refer to a relation of the row by OuterRef().
  if (sources.some((source) => source !== root && source.uses > 0)) {
    throw new FieldError(
      `'${name}' can only be set to columns of its own model, not of a relation.`,
    )
  }
  if (someNode(node, ({ kind }) => kind === 'aggregate' || kind === 'window')) {
    throw new FieldError(`'${name}' cannot be set to an aggregate or a window.`)
  }
}

/** An expression that a new row's column is set to: it has no row to read columns of. */
export function planValue(model: ModelMeta, column: ColumnMeta, raw: RawExpression): ExprNode {
  const node = resolveExpression(modelScope(model), raw)
  assertNoColumns(node, `${model.name}.${column.name}`)
  return new Planner(model, null, planInner).bind(node, null)
}

function assertNoColumns(node: ExprNode, label: string): void {
  if (someNode(node, ({ kind }) => kind === 'ref' || kind === 'aggregate' || kind === 'window')) {
    throw new FieldError(
      `${label} of a new row cannot be computed of columns: there is no row yet.`,
    )
  }
}
