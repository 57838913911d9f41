import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { FilteredHop } from '../query/filtered-hop.ts'
import type { InstanceShape, RelatedShape, RowShape } from '../query/nodes.ts'
import { Batch } from './batch.ts'
import { defer } from './deferred.ts'
import { type Fill, fillOf } from './fill.ts'
import { type Columns, makeInstance, type Origin, type RowSource, remember } from './instance.ts'
import { sharing } from './repeated.ts'
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
      const fill = columnsFill(shape, shape.names, shape.fields, origin)
      return (row) => {
        const object: Record<string, unknown> = {}
        fill(object, row)
        return object
      }
    }
    case 'valuesList': {
      const fill = columnsFill(shape, [...shape.fields.keys()], shape.fields, origin)
      return (row) => {
        const tuple = new Array<unknown>(shape.fields.length)
        fill(tuple as unknown as Record<string, unknown>, row)
        return tuple
      }
    }
    case 'flat':
      return (row) => shape.field.fromDb(row[0], origin.dialect)
  }
}

function columnsFill(
  shape: RowShape,
  names: readonly (string | number)[],
  fields: readonly ColumnField[],
  { dialect }: Origin,
): Fill {
  return fillOf(shape, { offset: 0, dialect }, () => ({ names, fields }))
}

function instanceReader(shape: InstanceShape, source: Source): Reader<Columns> {
  const { dialect } = source.origin
  const repeats = shape.repeats === true
  const make = modelReader(shape.model, shape.columns, { offset: 0, repeats }, source)
  const related = shape.related.map((branch) => relatedReader(branch, repeats, source))
  return (row) => {
    const instance = make(row)
    for (const { name, field, offset } of shape.annotations) {
      const value = field.fromDb(row[offset], dialect)
      if (name in instance) setOwn(instance, name, value)
      else instance[name] = value
    }
    for (const attach of related) attach(instance, row)
    return instance
  }
}

/** A property of this instance, whatever its class has under the name. */
export function setOwn(instance: Columns, name: string, value: unknown): void {
  const form = { value, configurable: true, enumerable: true, writable: true }
  Object.defineProperty(instance, name, form)
}

type Attach = (near: Columns, row: Row) => void

/** Puts the related instance of a joined row on the near one, and the near one on it. */
function relatedReader(shape: RelatedShape, nearRepeats: boolean, source: Source): Attach {
  const { relation, offset } = shape
  const isFiltered = relation instanceof FilteredHop
  const repeats = nearRepeats || relation.inverse.toMany
  const make = modelReader(relation.to, shape.columns, { offset, repeats }, source)
  const deeper = shape.related.map((branch) => relatedReader(branch, repeats, source))
  return (near, row) => {
    const isAbsent = row[shape.keyOffset] === null
    const far = isAbsent ? null : make(row)
    if (isFiltered) setOwn(near, relation.name, far)
    else remember(near, relation.name, far)
    if (far === null) return
    if (!isFiltered && !relation.inverse.toMany) remember(far, relation.inverse.name, near)
    for (const attach of deeper) attach(far, row)
  }
}

/** Where the columns of a model are in rows, and whether the same ones come again and again. */
interface Part {
  readonly offset: number
  readonly repeats: boolean
}

function modelReader(
  model: ModelMeta,
  columns: readonly ColumnMeta[],
  { offset, repeats }: Part,
  source: Source,
): Reader<Columns> {
  const { dialect } = source.origin
  const isWhole = columns.length === model.columns.length
  const isShared = isWhole && repeats
  const storedOf = isWhole
    ? wholeRow(model, { offset, repeats })
    : partOfRow(model, columns, offset)
  let isChecked = false
  model.link()
  const batch = source.hasPeers ? new Batch(model, dialect) : null
  const origin: Origin = { ...source.origin, batch }
  const gathered = batch?.gather(columns, offset) ?? []
  const fill = fillOf(columns, { offset: isShared ? 0 : offset, dialect }, () => ({
    names: columns.map(({ name }) => name),
    fields: columns.map(({ field }) => field),
    model: model.name,
  }))
  // One for all rows, since it is only looked at while an instance is made.
  const from: RowSource = { origin, fill, row: [], stored: [] }
  return (row) => {
    for (const { at, values } of gathered) values.push(row[at])
    from.stored = storedOf(row)
    from.row = isShared ? from.stored : row
    const instance = makeInstance(model, from)
    if (!isChecked) assertNotShadowed(model, instance)
    isChecked = true
    if (!isWhole) defer(model, instance)
    return instance
  }
}

/** All columns are there in the model's order: the row itself serves, or the part it is in. */
function wholeRow(model: ModelMeta, { offset, repeats }: Part): Reader<Row> {
  const { length } = model.columns
  if (repeats) return sharing(offset, length, model.primaryKey.index)
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
