import { inspect } from 'node:util'
import { expect } from 'chai'
import { openDatabase } from '../../lib/database/database.ts'
import {
  CheckViolation,
  DatabaseError,
  ForeignKeyViolation,
  type IntegrityError,
  NotNullViolation,
  OrmError,
  UniqueViolation,
} from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { insert, read, rejection, useDatabase, write } from './helpers.ts'

const MARKER = 'hunter2-marker-value'
const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

function everythingSaid(error: unknown): string {
  const parts: unknown[] = []
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    parts.push(each.message, each.stack, JSON.stringify(each), Object.entries(each))
  }
  return `${parts.join('\n')}\n${inspect(error, { depth: 20, showHidden: true })}`
}

describeOnEach('errors of the database', (kind) => {
  const at = useDatabase(kind)

  beforeEach(async () => {
    await write(
      at.db.current(),
      `create table thing (
        id integer primary key,
        email varchar(200) not null unique,
        size integer constraint size_positive check (size > 0),
        item integer references item (id),
        a varchar(200), b varchar(200), unique (a, b))`,
    )
  })

  const good = { id: 1, email: 'one', size: 1, item: null, a: 'a', b: 'b' }
  function add(change: Partial<Record<keyof typeof good, unknown>>) {
    const { id, email, size, item, a, b } = { ...good, ...change }
    const sql = 'insert into thing values (?, ?, ?, ?, ?, ?)'
    return write(at.db.current(), sql, id, email, size, item, a, b)
  }

  it('are told apart, and name constraint, table and columns where the database does', async () => {
    await add({ email: MARKER })
    const cases = [
      [() => add({ id: 2, email: MARKER, a: 'x' }), UniqueViolation, /column email/, /table thing/],
      [() => add({ email: 'x', a: 'x' }), UniqueViolation, /column id/, /table thing/],
      [() => add({ id: 2, email: 'x' }), UniqueViolation, /columns a, b/, /table thing/],
      [() => add({ id: 2, email: null, a: 'x' }), NotNullViolation, /column email/, /table thing/],
      [() => add({ id: 2, email: 'x', a: 'x', size: -9 }), CheckViolation, /size_positive/, /./],
      [() => add({ id: 2, email: 'x', a: 'x', item: 424242 }), ForeignKeyViolation, /./, /./],
    ] as const
    for (const [attempt, type, first, second] of cases) {
      const error = await rejection(attempt())
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.match(first)
      expect(error.message).to.match(second)
      expect(everythingSaid(error)).to.not.include(MARKER)
      expect(everythingSaid(error)).to.not.include('424242')
    }
  })

  it('have them as properties, and none of another error', async () => {
    const isPg = kind.dialect === 'postgresql'
    await add({})
    const placeOf = async (change: Parameters<typeof add>[0]) => {
      const { constraint, table, columns } = (await rejection(add(change))) as IntegrityError
      return { constraint, table, columns }
    }
    const named = (constraint: string) => (isPg ? constraint : undefined)
    const table = 'thing'
    expect(await placeOf({ id: 2, a: 'x' })).to.deep.equal({
      ...{ constraint: named('thing_email_key'), table, columns: ['email'] },
    })
    expect(await placeOf({ id: 2, email: 'x' })).to.deep.equal({
      ...{ constraint: named('thing_a_b_key'), table, columns: ['a', 'b'] },
    })
    expect(await placeOf({ id: 2, email: null, a: 'x' })).to.deep.equal({
      ...{ constraint: undefined, table, columns: ['email'] },
    })
    expect(await placeOf({ id: 2, email: 'x', a: 'x', size: -9 })).to.deep.equal({
      ...{ constraint: 'size_positive', table: isPg ? table : undefined, columns: [] },
    })
    expect(await placeOf({ id: 2, email: 'x', a: 'x', item: 9 })).to.deep.equal({
      ...(isPg
        ? { constraint: 'thing_item_fkey', table, columns: ['item'] }
        : { constraint: undefined, table: undefined, columns: [] }),
    })
    const other = await rejection(read(at.db.current(), 'select * from nope'))
    expect(other).not.to.have.any.keys('constraint', 'table', 'columns')
  })

  it('never contain a bound value, whatever failed (S62, G17)', async () => {
    const { db } = at
    const long = `${MARKER}${'x'.repeat(100_000)}`
    const attempts: [string, unknown[]][] = [
      ['select * from nope where id = ?', [MARKER]],
      ['select nope from item where name = ?', [MARKER]],
      ['select * from item where name = ? and', [MARKER]],
      ['insert into thing (id, email) values (1, ?), (2, ?)', [MARKER, MARKER]],
      ['insert into thing (id, email) values (1, ?), (2, ?)', [long, long]],
      ['select json_extract(?, ?)', [MARKER, MARKER]],
      ['select cast(? as integer)', [MARKER]],
      ['select cast(? as jsonb)', [MARKER]],
      ['select cast(? as timestamp)', [MARKER]],
      ['select 1 where 1 = ?', [MARKER]],
      ['insert into item values (?, 1)', [MARKER]],
    ]
    let failures = 0
    for (const [sql, bindings] of attempts) {
      const error = await read(db.current(), sql, ...bindings).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (error === undefined) continue
      failures += 1
      expect(error, sql).to.be.instanceOf(OrmError)
      expect(everythingSaid(error), sql).to.not.include(MARKER)
      expect((error as Error).message.length).to.be.at.most(2000)
      expect((error as Error).cause, sql).to.be.instanceOf(Error)
    }
    expect(failures).to.be.at.least(6)
  })

  it('show who asked in their stack', async () => {
    async function askHere() {
      await read(at.db.current(), 'select * from nope')
    }
    const error = await rejection(askHere())
    expect(error).to.be.instanceOf(DatabaseError)
    expect(error.stack).to.include('askHere')
  })

  it("carry the driver's code in cause, and its own error only when debugging", async () => {
    const { db } = at
    await insert(db, 1)
    const error = await rejection(insert(db, 1, MARKER))
    const code = kind.dialect === 'postgresql' ? '23505' : 'SQLITE_CONSTRAINT'
    expect(error.cause).to.deep.include({ code, columns: ['id'], table: 'item' })
    const debug = openDatabase(db.knex, { name: 'debug', debug: true })
    const untouched = await rejection(insert(debug, 1, MARKER))
    await debug.close()
    expect(untouched).to.be.instanceOf(UniqueViolation)
    const detail = (untouched.cause as { detail?: string }).detail
    expect(detail).to.equal(
      kind.dialect === 'postgresql' ? 'Key (id)=(1) already exists.' : undefined,
    )
  })
})

describeOnEach(
  'errors of PostgreSQL',
  (kind) => {
    const at = useDatabase(kind)

    it('say nothing of what a trigger says about a value', async () => {
      const { db } = at
      await write(
        db.current(),
        `create function refuse() returns trigger language plpgsql as $$
         begin raise exception 'refused % of %', new.name, new.id using detail = new.name, hint = new.name; end $$`,
      )
      await write(
        db.current(),
        'create trigger refusal before insert on item for each row execute function refuse()',
      )
      const error = await rejection(insert(db, 987654, MARKER))
      expect(error.message).to.equal('refused … of …')
      expect(everythingSaid(error)).to.not.include(MARKER)
      expect(everythingSaid(error)).to.not.include('987654')
    })
  },
  onPostgres,
)
