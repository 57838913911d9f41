import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { InstanceShape, RelatedShape, RowShape } from '../query/nodes.ts'
import { Batch } from './batch.ts'
import { defer } from './deferred.ts'
import { type Columns, makeInstance, type Origin, remember } from './instance.ts'
import { assertNotShadowed } from './shadowed.ts'

type Row = readonly unknown[]
type Reader<T> = (row: Row) => T

/** Where rows come from, and whether the instances made of them share batches. */
interface Source {
  readonly origin: Origin
  readonly hasPeers: boolean
}

/**
 * Turns the rows of a result, arrays of raw values in select order, into what the caller asked
 * for: instances, objects, tuples or single values.
 *
 * Instances of one model in it share a batch, unless there is only one or `origin` says otherwise.
 *
 * @throws InvalidValueError when the database holds what a column's kind cannot be.
 */
export function hydrate(shape: RowShape, rows: readonly Row[], origin: Origin): unknown[] {
  const hasPeers = rows.length > 1 && origin.fetchMode === 'peers'
  return rows.map(readerOf(shape, { origin, hasPeers }))
}

function readerOf(shape: RowShape, source: Source): Reader<unknown> {
  const { origin } = source
  switch (shape.kind) {
    case 'instances':
      return instanceReader(shape, source)
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

function instanceReader(shape: InstanceShape, source: Source): Reader<Columns> {
  const { dialect } = source.origin
  const make = modelReader(shape.model, shape.columns, 0, source)
  const related = shape.related.map((branch) => relatedReader(branch, source))
  return (row) => {
    const instance = make(row)
    for (const { name, field, offset } of shape.annotations) {
      instance[name] = field.fromDb(row[offset], dialect)
    }
    for (const attach of related) attach(instance, row)
    return instance
  }
}

type Attach = (near: Columns, row: Row) => void

/** Puts the related instance of a joined row on the near one, and the near one on it. */
function relatedReader(shape: RelatedShape, source: Source): Attach {
  const { relation } = shape
  const make = modelReader(relation.to, shape.columns, shape.offset, source)
  const deeper = shape.related.map((branch) => relatedReader(branch, source))
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
  source: Source,
): Reader<Columns> {
  const { dialect } = source.origin
  const isWhole = columns.length === model.columns.length
  const storedOf = isWhole ? wholeRow(offset, columns.length) : partOfRow(model, columns, offset)
  let isChecked = false
  model.link()
  const batch = source.hasPeers ? new Batch(model, dialect) : null
  const origin: Origin = { ...source.origin, batch }
  const gathered = batch?.gather(columns, offset) ?? []
  return (row) => {
    for (const { at, values } of gathered) values.push(row[at])
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
    if (!isWhole) defer(model, instance)
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
