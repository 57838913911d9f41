import { expect } from 'chai'
import { InvalidValueError } from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { insert, read, rejection, statement, useDatabase, write } from './helpers.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

describeOnEach('a statement', (kind) => {
  const at = useDatabase(kind)

  it('gives rows as arrays in the order of the select list, and the number affected', async () => {
    const { db } = at
    const runner = db.current()
    expect(await write(runner, "insert into item values (1, 'b'), (2, 'a')")).to.equal(2)
    expect(await write(runner, 'update item set name = ?', 'c')).to.equal(2)
    expect(await read(runner, 'select name as z, id as a from item order by id')).to.deep.equal([
      ['c', 1],
      ['c', 2],
    ])
    const returning = await runner.run(
      statement(db.dialect, 'delete from item where id = ? returning id', [2], false),
    )
    expect([returning.rows, returning.count]).to.deep.equal([[[2]], 1])
  })

  it('does not depend on wrapIdentifier and postProcessResponse of the knex', async () => {
    const { db } = at
    const config = db.knex.client.config
    config.wrapIdentifier = (name: string, wrap: (name: string) => string) => wrap(`x_${name}`)
    config.postProcessResponse = () => 'something else'
    await insert(db, 1)
    expect(await read(db.current(), 'select id from item')).to.deep.equal([[1]])
  })

  it("tells knex's listeners in knex's own shape", async () => {
    const { db } = at
    const ours: [string, Record<string, unknown>][] = []
    const theirs: [string, Record<string, unknown>][] = []
    let events = theirs
    db.knex.on('query', (event) => events.push(['query', event]))
    db.knex.on('query-response', (response, event) =>
      events.push(['query-response', { ...event, response }]),
    )
    db.knex.on('query-error', (error, event) =>
      events.push(['query-error', { ...event, error: error.code }]),
    )
    await db.knex('item').where('id', 1).select('id')
    await db
      .knex('nope')
      .select('id')
      .catch(() => undefined)
    events = ours
    const select = statement(db.dialect, 'select id from item where id = ?', [1], false)
    await db.current().run(select)
    await rejection(read(db.current(), 'select id from nope'))
    expect(ours.map(([name]) => name)).to.deep.equal(theirs.map(([name]) => name))
    const [query, response, , failure] = ours.map(([, event]) => event)
    const [their, , , theirFailure] = theirs.map(([, event]) => event)
    for (const key of ['method', 'timeout', 'bindings']) {
      expect(query?.[key], key).to.deep.equal(their?.[key])
    }
    expect(query?.['sql']).to.equal(select.sql)
    expect(query?.['__knexUid']).to.equal(their?.['__knexUid'])
    expect(query?.['__knexQueryUid']).to.equal(response?.['__knexQueryUid'])
    expect(response?.['response']).to.deep.equal([])
    expect(failure?.['error']).to.equal(theirFailure?.['error'])
  })

  it('a listener that throws decides nothing', async () => {
    const { db } = at
    const warned = new Promise<string>((resolve) => {
      process.once('warning', ({ message }) => resolve(message))
    })
    db.knex.on('query-response', () => {
      throw new Error('from a listener')
    })
    await db.atomic(() => insert(db, 1))
    expect(await warned).to.equal(
      "A listener of knex's 'query-response' event threw: Error: from a listener",
    )
    expect(await read(db.current(), 'select id from item')).to.deep.equal([[1]])
  })

  it('refuses bindings that a driver would turn into something else', async () => {
    const { db } = at
    const evil = [
      undefined,
      { a: 1 },
      Symbol('x'),
      () => 1,
      new Date(),
      new Map(),
      { toPostgres: () => 'injected' },
      [{ a: 1 }],
      ...(db.dialect === 'sqlite' ? [1n, [1]] : []),
    ]
    for (const value of evil) {
      const error = await rejection(write(db.current(), 'insert into item values (1, ?)', value))
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.match(/^Binding 1 is of type /)
    }
    expect(await read(db.current(), 'select id from item')).to.deep.equal([])
  })

  it('carries text, numbers, booleans, bytes and null', async () => {
    const { db } = at
    const bytes = db.dialect === 'postgresql' ? 'bytea' : 'blob'
    await write(
      db.current(),
      `create table kinds (t text, n double precision, i integer, b ${bytes}, z text)`,
    )
    const values = ['é😀', 1.5, 7, new Uint8Array([0, 255, 92]), null]
    await write(db.current(), 'insert into kinds values (?, ?, ?, ?, ?)', ...values)
    const rows = await read(db.current(), 'select * from kinds')
    expect(rows).to.deep.equal([['é😀', 1.5, 7, Buffer.from([0, 255, 92]), null]])
  })
})

describeOnEach(
  'a statement on PostgreSQL',
  (kind) => {
    const at = useDatabase(kind)

    it('parses what text cannot say faster, and leaves the rest to the fields', async () => {
      const { db } = at
      const sql = `
        select 1::int2, 2::int4, 3::oid, 1.5::float4, 'NaN'::float8, '-Infinity'::float8, true, false,
          '\\x00ff5c'::bytea, 9223372036854775807::int8, 1.10::numeric, '2024-01-31'::date,
          '10:00'::time, '2024-01-31 10:00:00.123456'::timestamp, interval '1 day', '[1]'::json,
          '{"a": 1}'::jsonb, 'a'::varchar, array[1, 2], null`
      expect(await read(db.current(), sql)).to.deep.equal([
        [
          1,
          2,
          3,
          1.5,
          Number.NaN,
          Number.NEGATIVE_INFINITY,
          true,
          false,
          Buffer.from([0, 255, 92]),
          '9223372036854775807',
          '1.10',
          '2024-01-31',
          '10:00:00',
          '2024-01-31 10:00:00.123456',
          '1 day',
          '[1]',
          '{"a": 1}',
          'a',
          '{1,2}',
          null,
        ],
      ])
    })

    it('reads bytea in its old output form too', async () => {
      const { db } = at
      const rows = await db.atomic(async () => {
        await write(db.current(), "set local bytea_output = 'escape'")
        return await read(db.current(), "select '\\x00ff5c41'::bytea")
      })
      expect(rows).to.deep.equal([[Buffer.from([0, 255, 92, 65])]])
    })

    it('carries arrays and bigints', async () => {
      const { db } = at
      const rows = await read(
        db.current(),
        'select ?::int8, ?::int[], ?::text[]',
        2n ** 63n - 1n,
        [1, null],
        ['a"b', '\\'],
      )
      expect(rows).to.deep.equal([['9223372036854775807', '{1,NULL}', '{"a\\"b","\\\\"}']])
    })

    it('never runs a second statement (S51)', async () => {
      const { db } = at
      const error = await rejection(read(db.current(), 'select 1; drop table item'))
      expect((error.cause as { code?: string }).code).to.equal('42601')
      expect(await read(db.current(), 'select id from item')).to.deep.equal([])
    })

    it('prints no deprecation notice for parallel statements', async () => {
      const { db } = at
      const warnings: string[] = []
      const listener = ({ message }: Error) => warnings.push(message)
      process.on('warning', listener)
      await db.atomic(() => Promise.all([1, 2, 3].map((id) => insert(db, id))))
      await db
        .start(
          (runner) => Promise.all([read(runner, 'select 1'), read(runner, 'select 2')]),
          new Error(),
        )
        .read()
      await new Promise((resolve) => setImmediate(resolve))
      process.off('warning', listener)
      expect(warnings).to.deep.equal([])
    })
  },
  onPostgres,
)
