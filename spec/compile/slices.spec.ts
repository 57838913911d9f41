import { expect } from 'chai'
import { compileSlices } from '../../lib/compile/slices.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withFarKeys } from '../../lib/query/related-rows.ts'
import { withNone, withOrdering, withSlice } from '../../lib/query/state.ts'
import { all, expectSql } from './support.ts'

/** The related rows of three near ones. */
function relatedRows(state: QueryState, model: 'Author' | 'Tag' | 'Country', name: string) {
  const relation = all[model].model.relations.get(name)
  if (relation === undefined) throw new Error(`No relation '${name}'.`)
  return withFarKeys(state, relation, [1, 2, 3], true)
}

describe('compile: slices for each of many rows', () => {
  it('number the rows of each, in their order', async () => {
    const authors = withSlice(withOrdering(all.Author, ['-name']), 1, 3)
    const keys = '"authors"."country_id"'
    const columns = ['id', 'name', 'email', 'mentor_id', 'country_id', 'country_id']
    const inner = columns.map((column, at) => `"authors"."${column}" as "c${at}"`).join(', ')
    const outer = columns.map((_, at) => `"q"."c${at}" as "c${at}"`).join(', ')
    const whole = (within: string, low: string, high: string): string =>
      `select ${outer} from (select ${inner}, row_number() over (partition by ${keys} ` +
      `order by "authors"."name" desc) as "c6" from "authors" where ${keys} ${within}) as "q" ` +
      `where "q"."c6" > ${low} and "q"."c6" <= ${high} order by "q"."c6" asc`
    const table = `json_table(?, '$[*]' columns (\`value\` bigint path '$')) as \`j\``
    await expectSql(
      (dialect) => compileSlices(relatedRows(authors, 'Country', 'authors'), dialect),
      {
        sqlite: [whole('in (select value from json_each(?))', '?', '?'), '[1,2,3]', 1, 3],
        postgresql: [whole('= any($1::bigint[])', '$2', '$3'), [1, 2, 3], 1, 3],
        mysql: [
          whole(`in (select "value" from ${table})`, '?', '?').replaceAll('"', '`'),
          '[1,2,3]',
          1,
          3,
        ],
      },
    )
  })

  it('of no rows send nothing', () => {
    const none = relatedRows(withNone(withSlice(all.Author, 0, 1)), 'Country', 'authors')
    expect(compileSlices(none, 'sqlite')).to.equal(null)
  })
})
