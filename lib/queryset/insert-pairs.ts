import { compileInsert } from '../compile/insert.ts'
import type { Database } from '../database/runner.ts'
import type { ThroughMeta } from '../meta/model-meta.ts'
import { bulkCreate } from './create.ts'

/** Inserts the rows of a join table: pairs of keys, and what a through model has besides. */
export async function insertPairs(
  db: Database,
  { model, isModel, near, far }: ThroughMeta,
  pairs: readonly (readonly [near: unknown, far: unknown])[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (pairs.length === 0) return
  if (isModel) {
    const rows = pairs.map((pair) => ({ ...values, [near.name]: pair[0], [far.name]: pair[1] }))
    await bulkCreate(db, model, rows, {})
    return
  }
  const statement = compileInsert(
    { model, columns: [near, far], rows: pairs, returning: [], conflict: { action: 'ignore' } },
    db.dialect,
  )
  await db.current().run(statement)
}
