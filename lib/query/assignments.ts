import { FieldError, InvalidValueError } from '../errors.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { Expression } from './expression.ts'
import { literalParam, storedAs } from './expression-types.ts'
import type { ExprNode, QueryState } from './nodes.ts'
import { unknownName } from './paths.ts'
import type { Assignment } from './plan-write.ts'
import { instanceKey, resolveExpression } from './resolve.ts'
import { scopeOf } from './state.ts'

/**
 * The argument of `update()`: columns by their property or relation, values, instances and
 * expressions. Values are checked for their type, not for their column's limits.
 *
 * @throws FieldError for unknown names and names given twice
 * @throws InvalidValueError for values of another type
 */
export function resolveAssignments(state: QueryState, values: unknown): readonly Assignment[] {
  if (!isPlainObject(values)) {
    throw new FieldError("update() takes an object: { pages: F('pages').add(1) }.")
  }
  const taken = new Set<ColumnMeta>()
  const assignments = Object.keys(values).map((name) => {
    const column = writableColumn(state.model, name)
    if (taken.has(column)) throw new FieldError(`update(): '${name}' is set twice.`)
    taken.add(column)
    return Object.freeze({ column, node: assigned(state, column, name, values[name]) })
  })
  return Object.freeze(assignments)
}

/** The column that a name in `update()` or `create()` stands for. */
function writableColumn(model: ModelMeta, name: string): ColumnMeta {
  const column = name === 'pk' ? model.primaryKey : model.columnsByName.get(name)
  if (column !== undefined) return column
  const relation = model.relations.get(name)
  const isForward = relation?.kind === 'foreignKey' || relation?.kind === 'oneToOne'
  if (isForward && relation.keyColumn !== null) return relation.keyColumn
  throw unknownName(name, model)
}

function assigned(state: QueryState, column: ColumnMeta, name: string, value: unknown): ExprNode {
  const label = `${state.model.name}.${name}`
  if (value === undefined) throw new InvalidValueError(`${label} cannot be undefined.`)
  const raw = Expression.raw(value)
  if (raw?.kind === 'value') return literalParam(raw.value, column.field)
  if (raw !== null) return storedAs(resolveExpression(scopeOf(state), raw), column.field)
  if (value === null) return Object.freeze({ kind: 'param', value, field: column.field })
  const key = column.relation === null ? undefined : instanceKey(value, column.relation, label)
  const canonical = key ?? column.field.check(value, label)
  return Object.freeze({ kind: 'param', value: canonical, field: column.field })
}
