/** Beside code that uses knex already, and with several connections. */
import { expect } from 'chai'
import createKnex, { type Knex } from 'knex'
import { AsyncManager, atomic, connect, type Database, fields, Model } from '../../lib/index.ts'
import { databases, describeOnEach, type FreshDatabase, migrate } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { rejection } from './support/stage.ts'

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (name: string) =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
const renamed = (row: unknown): unknown =>
  typeof row === 'object' && row !== null
    ? Object.fromEntries(Object.entries(row).map(([key, value]) => [camel(key), value]))
    : row

describeOnEach('a knex that exists already', (kind) => {
  let fresh: FreshDatabase
  let knex: Knex
  let db: Database

  beforeEach(async () => {
    fresh = await kind.create()
    // What knex users set to have camelCase; what the ORM sends and reads must not depend on it.
    knex = createKnex({
      ...fresh.config,
      wrapIdentifier: (name, wrap) => wrap(snake(name)),
      postProcessResponse: (result) =>
        Array.isArray(result) ? result.map(renamed) : renamed(result),
    })
    const plain = createKnex(fresh.config)
    if (kind.name === 'SQLite memory') {
      await plain.destroy()
      await migrateHooked(knex)
    } else {
      await migrate(plain)
      await plain.destroy()
    }
    db = connect(knex)
  })
  afterEach(async () => {
    await db?.close()
    await knex?.destroy()
    await fresh?.drop()
  })

  /** The one connection of a memory database has to do; knex's own migrator minds the hooks. */
  async function migrateHooked(target: Knex): Promise<void> {
    const client = target.client as { config: Knex.Config }
    const { postProcessResponse, wrapIdentifier } = client.config
    Object.assign(client.config, { postProcessResponse: undefined, wrapIdentifier: undefined })
    await migrate(target)
    Object.assign(client.config, { postProcessResponse, wrapIdentifier })
  }

  it('works side by side with the code that has it, hooks or not', async () => {
    await knex('authors').insert({ name: 'Jane', bornOn: '1775-12-16' })
    const author = await Author.objects.get({ name: 'Jane' })
    expect({ ...author }).to.deep.equal({
      id: 1,
      name: 'Jane',
      email: null,
      bornOn: '1775-12-16',
      mentorId: null,
    })
    await Book.objects.create({ title: 'Emma', publishedAt: new Date(0), author })
    expect(await knex('books').select('title', 'authorId')).to.deep.equal([
      { title: 'Emma', authorId: 1 },
    ])
    const rows = await Book.objects.values('author__bornOn', 'publishedAt')
    expect(rows).to.deep.equal([{ author__bornOn: '1775-12-16', publishedAt: new Date(0) }])
    const [book] = await Book.objects.selectRelated('author').startFetch()
    expect(book?.author.bornOn).to.equal('1775-12-16')
    expect(await Book.objects.filter({ author__bornOn__year: 1775 }).count()).to.equal(1)
    expect(await Book.objects.update({ pages: 5 })).to.equal(1)
  })

  it("toKnex() obeys that knex's own hooks", async () => {
    await Author.objects.create({ name: 'Jane', bornOn: '1775-12-16' })
    const rows: object[] = await Author.objects.filter({ name: 'Jane' }).toKnex()
    expect(rows).to.have.lengthOf(1)
    expect(rows[0]).to.be.an('object')
  })

  it('joins a transaction by join(), and by toKnex(), on a pool of one too', async () => {
    const failed = await rejection(
      db.atomic(async () => {
        const tag = await Tag.objects.create({ name: 'a' })
        await db.join(knex('tags').where({ id: tag.id }).update({ name: 'b' }))
        expect(await Tag.objects.filter({ name: 'b' }).toKnex()).to.have.lengthOf(1)
        throw new RangeError('undone')
      }),
    )
    expect(failed).to.be.instanceOf(RangeError)
    expect(await db.join(knex('tags').count({ n: '*' }))).to.deep.equal([
      { n: kind.dialect === 'postgresql' ? '0' : 0 },
    ])
  })

  it('a statement of knex that failed in a transaction does not let it commit half', async function () {
    if (kind.dialect !== 'postgresql') this.skip()
    const failed = await rejection(
      db.atomic(async () => {
        await Tag.objects.create({ name: 'a' })
        await db.join(knex.raw('select 1 / 0')).catch(() => undefined)
      }),
    )
    expect(failed).to.have.property('name', 'TransactionBrokenError')
    expect(await Tag.objects.count()).to.equal(0)
  })

  it('close() leaves it open, since it is not ours', async () => {
    await Tag.objects.create({ name: 'a' })
    await db.close()
    expect(await knex('tags').select('name')).to.deep.equal([{ name: 'a' }])
    expect(await rejection(Tag.objects.count())).to.have.property('name', 'ImproperlyConfigured')
  })

  it('sees the statements: its listeners for queries are told of ours', async () => {
    const seen: string[] = []
    knex.on('query', ({ sql }: { sql: string }) => seen.push(sql))
    await Tag.objects.create({ name: 'a' })
    expect(seen).to.have.lengthOf(1)
    expect(seen[0]).to.match(/^insert into "tags"/)
  })
})

describeOnEach(
  'several connections',
  ({ create }) => {
    let all: FreshDatabase[]
    let one: Database
    let two: Database

    class Elsewhere extends Model(
      'tags',
      { name: fields.char({ maxLength: 50 }) },
      { database: 'two' },
    ) {
      static objects = new AsyncManager(Elsewhere)
    }

    beforeEach(async () => {
      all = await Promise.all([create(), create()])
      one = connect(all[0]?.config ?? {})
      two = connect(all[1]?.config ?? {}, { name: 'two' })
      await Promise.all([migrate(one.knex), migrate(two.knex)])
      await one.knex('tags').insert({ name: 'one' })
      await two.knex('tags').insert({ name: 'two' })
    })
    afterEach(async () => {
      await Promise.all([one.close(), two.close()])
      await Promise.all(all.map((fresh) => fresh.drop()))
    })

    it('using() says which one, by name or as it is; a model may say it too', async () => {
      expect((await Tag.objects.get()).name).to.equal('one')
      expect((await Tag.objects.using('two').get()).name).to.equal('two')
      expect((await Tag.objects.using(two).filter({ id: 1 }).startFirst().first())?.name).to.equal(
        'two',
      )
      expect((await Elsewhere.objects.get()).name).to.equal('two')
      expect((await Elsewhere.objects.using('default').get()).name).to.equal('one')
    })

    it('an instance is saved, refreshed and deleted where it came from', async () => {
      const tag = await Tag.objects.using('two').get()
      tag.name = 'three'
      await tag.save()
      await tag.refreshFromDb()
      expect((await Tag.objects.get()).name).to.equal('one')
      expect((await Elsewhere.objects.get()).name).to.equal('three')
      await tag.delete()
      expect([await Tag.objects.count(), await Elsewhere.objects.count()]).to.deep.equal([1, 0])
      await new Tag({ name: 'new' }).save({ using: 'two' })
      expect([await Tag.objects.count(), await Elsewhere.objects.count()]).to.deep.equal([1, 1])
    })

    it('create() and its kin write there as well', async () => {
      const there = Tag.objects.using('two')
      await there.create({ name: 'a' })
      await there.bulkCreate([{ name: 'b' }])
      await there.getOrCreate({ name: 'c' })
      await there.updateOrCreate({ name: 'd' })
      expect([await Tag.objects.count(), await there.count()]).to.deep.equal([1, 5])
    })

    it('a transaction is of one of them', async () => {
      await rejection(
        atomic(
          async () => {
            await Tag.objects.create({ name: 'kept' })
            await Tag.objects.using('two').create({ name: 'undone' })
            throw new Error('undo')
          },
          { using: 'two' },
        ),
      )
      const names = Tag.objects.orderBy('id').valuesList('name', { flat: true })
      expect(await names).to.deep.equal(['one', 'kept'])
      expect(await names.using('two')).to.deep.equal(['two'])
    })

    it('a name is taken until it is closed', async () => {
      const refused = () => connect(all[1]?.config ?? {}, { name: 'two' })
      expect(refused).to.throw(/'two' is connected already/)
      await two.close()
      two = refused()
      expect((await Tag.objects.using('two').first())?.name).to.equal('two')
    })
  },
  databases.filter(({ name }) => name !== 'SQLite memory'),
)
