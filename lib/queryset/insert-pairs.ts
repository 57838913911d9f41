import { compileInsert } from '../compile/insert.ts'
import type { Database } from '../database/runner.ts'
import type { ThroughMeta } from '../meta/model-meta.ts'
import { bulkCreate } from './create.ts'

/** How many rows of two values one statement inserts at most: all databases take 32,000 values. */
const MAX_PAIRS = 16_000

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
  const insert = async (at: number): Promise<void> => {
    const rows = pairs.slice(at, at + MAX_PAIRS)
    const conflict = { action: 'ignore' } as const
    const statement = compileInsert(
      { model, columns: [near, far], rows, returning: [], conflict },
      db.dialect,
    )
    await db.current().run(statement)
  }
  if (pairs.length <= MAX_PAIRS) return await insert(0)
  await db.atomic(async () => {
    for (let at = 0; at < pairs.length; at += MAX_PAIRS) await insert(at)
  })
}
