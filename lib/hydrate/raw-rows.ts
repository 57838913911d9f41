import type { ModelMeta } from '../meta/model-meta.ts'
import { OUTPUT } from '../query/outputs.ts'
import { rawShape } from '../query/raw-shape.ts'
import type { Columns, Origin } from './instance.ts'
import { hydrate, setOwn } from './rows.ts'

/** A column of a result, and PostgreSQL's number of its type. */
interface ResultColumn {
  readonly name: string
  readonly dataTypeID?: number | undefined
}

type Row = readonly unknown[]
type Convert = (raw: unknown) => unknown

/** What PostgreSQL sends as text, though it is no text: int8, timestamps, JSON. */
const FROM_POSTGRESQL: ReadonlyMap<number, Convert> = new Map<number, Convert>([
  [20, integer],
  [1114, (raw) => OUTPUT.dateTime.fromDb(raw, 'postgresql')],
  [1184, (raw) => OUTPUT.dateTime.fromDb(raw, 'postgresql')],
  [114, (raw) => OUTPUT.json.fromDb(raw, 'postgresql')],
  [3802, (raw) => OUTPUT.json.fromDb(raw, 'postgresql')],
])

/**
 * Turns rows of columns in any order into instances. Columns of the model are converted by their
 * fields, others become properties as the driver has them.
 *
 * @throws FieldError for columns that cannot be those of instances
 * @throws InvalidValueError when the database holds what a column's kind cannot be
 */
export function hydrateRaw(
  model: ModelMeta,
  columns: readonly ResultColumn[],
  rows: readonly Row[],
  origin: Origin,
): unknown[] {
  const names = columns.map(({ name }) => name)
  const { shape, places, extras } = rawShape(model, names)
  const ordered = rows.map((row) => places.map((at) => row[at]))
  const instances = hydrate(shape, ordered, origin) as Columns[]
  for (const { name, at } of extras) {
    const convert = FROM_POSTGRESQL.get(columns[at]?.dataTypeID ?? 0)
    instances.forEach((instance, index) => {
      const raw = rows[index]?.[at] ?? null
      setOwn(instance, name, convert === undefined || raw === null ? raw : convert(raw))
    })
  }
  return instances
}

function integer(raw: unknown): number | bigint {
  const value = Number(raw)
  return Number.isSafeInteger(value) ? value : BigInt(raw as string)
}
