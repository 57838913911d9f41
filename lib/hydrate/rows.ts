import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { InstanceShape, RelatedShape, RowShape } from '../query/nodes.ts'
import { type Columns, makeInstance, type Origin, remember } from './instance.ts'
import { assertNotShadowed } from './shadowed.ts'

type Row = readonly unknown[]
type Reader<T> = (row: Row) => T

/**
 * Turns the rows of a result, arrays of raw values in select order, into what the caller asked
 * for: instances, objects, tuples or single values.
 *
 * @throws InvalidValueError when the database holds what a column's kind cannot be.
 */
export function hydrate(shape: RowShape, rows: readonly Row[], origin: Origin): unknown[] {
  return rows.map(readerOf(shape, origin))
}

function readerOf(shape: RowShape, origin: Origin): Reader<unknown> {
  switch (shape.kind) {
    case 'instances':
      return instanceReader(shape, origin)
    case 'values': {
      const read = tupleReader(shape.fields, origin)
      return (row) => toObject(shape.names, read(row))
    }
    case 'valuesList':
      return tupleReader(shape.fields, origin)
    case 'flat':
      return (row) => shape.field.fromDb(row[0], origin.dialect)
  }
}

function tupleReader(fields: readonly ColumnField[], { dialect }: Origin): Reader<unknown[]> {
  return (row) => fields.map((field, at) => field.fromDb(row[at], dialect))
}

function toObject(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  names.forEach((name, at) => {
    object[name] = values[at]
  })
  return object
}

function instanceReader(shape: InstanceShape, origin: Origin): Reader<Columns> {
  const make = modelReader(shape.model, shape.columns, 0, origin)
  const related = shape.related.map((branch) => relatedReader(branch, origin))
  return (row) => {
    const instance = make(row)
    for (const { name, field, offset } of shape.annotations) {
      instance[name] = field.fromDb(row[offset], origin.dialect)
    }
    for (const attach of related) attach(instance, row)
    return instance
  }
}

type Attach = (near: Columns, row: Row) => void

/** Puts the related instance of a joined row on the near one, and the near one on it. */
function relatedReader(shape: RelatedShape, origin: Origin): Attach {
  const { relation } = shape
  const make = modelReader(relation.to, shape.columns, shape.offset, origin)
  const deeper = shape.related.map((branch) => relatedReader(branch, origin))
  return (near, row) => {
    const isAbsent = row[shape.keyOffset] === null
    const far = isAbsent ? null : make(row)
    remember(near, relation.name, far)
    if (far === null) return
    if (!relation.inverse.toMany) remember(far, relation.inverse.name, near)
    for (const attach of deeper) attach(far, row)
  }
}

function modelReader(
  model: ModelMeta,
  columns: readonly ColumnMeta[],
  offset: number,
  origin: Origin,
): Reader<Columns> {
  const { dialect } = origin
  const isWhole = columns.length === model.columns.length
  const storedOf = isWhole ? wholeRow(offset, columns.length) : partOfRow(model, columns, offset)
  let isChecked = false
  model.link()
  return (row) => {
    const instance = makeInstance(model, {
      origin,
      stored: storedOf(row),
      related: null,
      fill: (instance) => {
        columns.forEach((column, at) => {
          instance[column.name] = column.field.fromDb(row[offset + at], dialect)
        })
      },
    })
    if (!isChecked) assertNotShadowed(model, instance, columns)
    isChecked = true
    return instance
  }
}

/** All columns are there in the model's order: the row itself serves, or the part it is in. */
function wholeRow(offset: number, length: number): Reader<Row> {
  return offset === 0 ? (row) => row : (row) => row.slice(offset, offset + length)
}

function partOfRow(model: ModelMeta, columns: readonly ColumnMeta[], offset: number): Reader<Row> {
  return (row) => {
    const stored: unknown[] = model.columns.map(() => undefined)
    columns.forEach((column, at) => {
      stored[column.index] = row[offset + at]
    })
    return stored
  }
}
