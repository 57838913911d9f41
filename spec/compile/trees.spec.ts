import { compileCount, compileSelect } from '../../lib/compile/select.ts'
import { compileUpdate } from '../../lib/compile/update.ts'
import { resolveAssignments } from '../../lib/query/assignments.ts'
import { withValues } from '../../lib/query/projection.ts'
import { withFilter, withOrdering } from '../../lib/query/state.ts'
import { withTree } from '../../lib/query/trees.ts'
import { alike, all, expectSql } from './support.ts'

const ann = withFilter(all.Author, [{ name: 'Ann' }])
const seeds = '(select "u0"."id" as "c0" from "authors" as "u0" where "u0"."name" = ?) as "seed"'

describe('compile: trees', () => {
  it('take each key once', async () => {
    await expectSql(
      (dialect) => compileSelect(withValues(withTree(ann, 'down', 'mentor'), ['name']), dialect),
      alike(
        `select "authors"."name" from "authors" inner join (with recursive "tree" ("key") as (select "node"."id" from ${seeds} inner join "authors" as "node" on "node"."mentor_id" = "seed"."c0" union select "node"."id" from "tree" inner join "authors" as "node" on "node"."mentor_id" = "tree"."key") select "key" from "tree") as "tree" on "authors"."id" = "tree"."key"`,
        'Ann',
      ),
    )
    const above = withTree(ann, 'up', 'mentor', { includeSelf: true })
    await expectSql(
      (dialect) => compileCount(withFilter(above, [{ email: null }]), dialect),
      alike(
        `select count(*) as "c0" from "authors" inner join (with recursive "tree" ("key") as (select "seed"."c0" from ${seeds} union select "node"."mentor_id" from "tree" inner join "authors" as "node" on "node"."id" = "tree"."key" where "node"."mentor_id" is not null) select "key" from "tree") as "tree" on "authors"."id" = "tree"."key" where "authors"."email" is null`,
        'Ann',
      ),
    )
  })

  it('with depths end in circles too', async () => {
    const below = withTree(ann, 'down', 'mentor', { depth: 'level', maxDepth: 3 })
    await expectSql(
      (dialect) =>
        compileSelect(withOrdering(withValues(below, ['name', 'level']), ['-level']), dialect),
      alike(
        `select "authors"."name", "tree"."depth" from "authors" inner join (with recursive "tree" ("key", "depth", "start") as (select distinct "seed"."c0", 0, "seed"."c0" from ${seeds} union all select "node"."id", "tree"."depth" + 1, "tree"."start" from "tree" inner join "authors" as "node" on "node"."mentor_id" = "tree"."key" where ("tree"."depth" = 0 or "tree"."key" <> "tree"."start") and "tree"."depth" < ?) select "key", min("depth") as "depth" from "tree" where "depth" > 0 group by "key") as "tree" on "authors"."id" = "tree"."key" order by "tree"."depth" desc`,
        'Ann',
        3,
      ),
    )
    const above = withTree(ann, 'up', 'mentor', { depth: 'level', includeSelf: true })
    await expectSql(
      (dialect) =>
        compileSelect(withValues(withFilter(above, [{ level__lt: 9 }]), ['id']), dialect),
      alike(
        `select "authors"."id" from "authors" inner join (with recursive "reached" ("key") as (select "node"."mentor_id" from ${seeds} inner join "authors" as "node" on "node"."id" = "seed"."c0" where "node"."mentor_id" is not null union select "node"."mentor_id" from "reached" inner join "authors" as "node" on "node"."id" = "reached"."key" where "node"."mentor_id" is not null), "tree" ("key", "depth") as (select "seed"."c0", 0 from ${seeds} union select "node"."mentor_id", "tree"."depth" + 1 from "tree" inner join "authors" as "node" on "node"."id" = "tree"."key" where "node"."mentor_id" is not null and "tree"."depth" < (select count(*) from "reached")) select "key", min("depth") as "depth" from "tree" group by "key") as "tree" on "authors"."id" = "tree"."key" where "tree"."depth" < ?`,
        'Ann',
        'Ann',
        9,
      ),
    )
  })

  it('are written to by their keys', async () => {
    const below = withTree(ann, 'down', 'mentor')
    const values = resolveAssignments(below, { name: 'x' })
    const inner = seeds.replaceAll('u0', 'v0')
    const own = alike(
      `update "authors" set "name" = ? where "authors"."id" in (select "u0"."id" as "c0" from "authors" as "u0" inner join (with recursive "tree" ("key") as (select "node"."id" from ${inner} inner join "authors" as "node" on "node"."mentor_id" = "seed"."c0" union select "node"."id" from "tree" inner join "authors" as "node" on "node"."mentor_id" = "tree"."key") select "key" from "tree") as "u1" on "u0"."id" = "u1"."key")`,
      'x',
      'Ann',
    )
    // MySQL reads the table that it writes to only inside a query of its own.
    const [text, ...bound] = own.mysql
    const wrapped = `${text.replace(' in (select', ' in (select * from (select')} as \`s\`)`
    const mysql = [wrapped, ...bound] as const
    await expectSql((dialect) => compileUpdate(below, values, dialect), { ...own, mysql })
  })
})
