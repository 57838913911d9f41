import { expect } from 'chai'
import { compileRaw } from '../../lib/compile/raw-query.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import { rawQuery } from '../../lib/query/raw-query.ts'
import { Book } from '../behaviour/support/library.ts'

describe('compileRaw()', () => {
  const sql = "select * from books where title <> 'a?b' and title \\? ? and pages > ?;"
  const query = rawQuery(metaOf(Book), sql, ['x', 0.5])
  const inner = (first: string, second: string) =>
    `select * from books where title <> 'a?b' and title ? ${first} and pages > ${second}`

  it('binds values, and leaves question marks in quotes and escaped ones', () => {
    expect(compileRaw(query, 'sqlite')).to.deep.include({
      sql: `select * from (${inner('?', '?')}) as "raw"`,
      bindings: ['x', 0.5],
    })
    expect(compileRaw(query, 'postgresql')).to.deep.include({
      sql: `select * from (${inner('$1', '$2')}) as "raw"`,
      bindings: ['x', 0.5],
    })
    expect(compileRaw(query, 'mysql')).to.deep.include({
      sql: `select * from (${inner('?', '?')}) as \`raw\``,
      bindings: ['x', 0.5],
    })
  })
})
