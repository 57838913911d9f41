/** create, save, update, delete and their kin. */
import { expect } from 'chai'
import { Coalesce, F, FieldError, OuterRef, Subquery, ValidationError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { OptionalSample, Sample } from './support/samples.ts'
import { rejection, useStage } from './support/stage.ts'

const day = (iso: string) => new Date(`${iso}T00:00:00.000Z`)
const emma = () => Book.objects.get({ title: 'Emma' })

describeOnEach('writing', (kind) => {
  const stage = useStage(kind)

  describe('create()', () => {
    it('inserts, gives the key and the defaults, and the instance is saved', async () => {
      const author = await Author.objects.get({ id: 3 })
      const book = await stage.sends(1, () =>
        Book.objects.create({ title: 'Villette', publishedAt: day('1853-01-28'), author }),
      )
      expect({ ...book }).to.deep.equal({
        id: 5,
        title: 'Villette',
        pages: 0,
        publishedAt: day('1853-01-28'),
        status: null,
        price: null,
        data: null,
        authorId: 3,
      })
      expect(book).to.be.instanceOf(Book)
      expect(await stage.sends(0, () => book.author)).to.equal(author)
      expect({ ...(await Book.objects.get({ id: 5 })) }).to.deep.equal({ ...book })
      await stage.sends(0, () => book.save())
    })

    it('takes a key for a relation, by either name', async () => {
      const rest = { title: 'x', publishedAt: day('1900-01-01') }
      const [a, b] = [
        await Book.objects.create({ ...rest, authorId: 2 }),
        await Book.objects.create({ ...rest, author: 3 }),
      ]
      expect([a.authorId, b.authorId]).to.deep.equal([2, 3])
      expect((await b.author).name).to.equal('Charlotte')
    })

    it('lists everything that is wrong at once, before any SQL', async () => {
      const error = await stage.sends(0, () =>
        rejection(
          Book.objects.create({
            title: 'x'.repeat(201),
            pages: 1.5,
            publishedAt: new Date(Number.NaN),
            status: 'lost' as 'live',
            authorId: 1,
          }),
        ),
      )
      expect(error).to.be.instanceOf(ValidationError)
      const { issues } = error as ValidationError
      expect(issues.map(({ field }) => field)).to.deep.equal([
        'title',
        'pages',
        'publishedAt',
        'status',
      ])
      expect(error.message).not.to.contain('lost')
    })

    it('names what is missing, and what it does not know', async () => {
      const missing = await stage.sends(0, () => rejection(Book.objects.create({} as never)))
      expect((missing as ValidationError).issues.map(({ field }) => field)).to.deep.equal([
        'title',
        'publishedAt',
        'authorId',
      ])
      const unknown = await stage.sends(0, () =>
        rejection(Tag.objects.create({ name: 'a', nmae: 'b', colour: 1 } as never)),
      )
      expect(unknown.name).to.be.oneOf(['ValidationError', 'FieldError'])
      expect(unknown.message).to.contain('nmae').and.to.contain('colour')
    })

    it('takes a key of its own', async () => {
      const tag = await stage.sends(1, () => Tag.objects.create({ id: 70, name: 'a' }))
      expect(tag.id).to.equal(70)
      expect((await Tag.objects.get({ pk: 70 })).name).to.equal('a')
      const other = await Tag.objects.create({ pk: 71, name: 'b' } as never)
      expect(other.id).to.equal(71)
    })

    it('says which constraint refused it, without the values', async () => {
      await Tag.objects.create({ name: 'secret-marker' })
      const error = await stage.sends(1, () =>
        rejection(Tag.objects.create({ name: 'secret-marker' })),
      )
      expect(error).to.have.property('code', 'UNIQUE_VIOLATION')
      expect(`${error.message} ${error.stack}`).not.to.contain('secret-marker')
      const missing = { title: 'x', publishedAt: day('1900-01-01'), authorId: 999 }
      expect(await rejection(Book.objects.create(missing))).to.have.property(
        'code',
        'FOREIGN_KEY_VIOLATION',
      )
    })

    it('of a filtered queryset takes nothing from the filter', async () => {
      const tag = await Tag.objects.filter({ name: 'b' }).create({ name: 'a' })
      expect(tag.name).to.equal('a')
    })
  })

  describe('new and save()', () => {
    it('a new instance has its defaults, inserts once, then updates what changed', async () => {
      const book = new Book({ title: 'Villette', publishedAt: day('1853-01-28'), author: 3 })
      expect(book.pages).to.equal(0)
      expect(book.id ?? null).to.equal(null)
      await stage.sends(1, () => book.save())
      book.title = 'Villette, a novel'
      book.pages = 500
      const [sql] = await stage.sqlOf(() => book.save())
      expect(sql)
        .to.match(/^update/)
        .and.to.contain('"title"')
        .and.to.contain('"pages"')
      expect(sql).not.to.contain('"status"')
      await stage.sends(0, () => book.save())
      const again = await Book.objects.get({ id: book.id })
      expect([again.title, again.pages]).to.deep.equal(['Villette, a novel', 500])
    })

    it('no change, no query; changed and changed back is none', async () => {
      const book = await emma()
      await stage.sends(0, () => book.save())
      book.pages = 1
      book.pages = 474
      book.publishedAt = new Date(book.publishedAt)
      await stage.sends(0, () => book.save())
    })

    it('columns may be set one by one on an empty instance', async () => {
      const tag = new Tag()
      tag.name = 'a'
      await stage.sends(1, () => tag.save())
      expect(tag.id).to.equal(1)
      const unnamed = await stage.sends(0, () => rejection(new Tag().save()))
      expect((unnamed as ValidationError).issues).to.deep.equal([
        { field: 'name', message: 'is required' },
      ])
    })

    it('notices changes made inside a Date, JSON or bytes', async () => {
      const made = await Sample.objects.create({
        json: { list: [1] },
        binary: new Uint8Array([1, 2]),
        dateTime: day('2020-01-01'),
      })
      const sample = await Sample.objects.get({ id: made.id })
      const changes: [string, (one: Sample) => void][] = [
        ['json', ({ json }) => (json as { list: number[] }).list.push(2)],
        ['binary', ({ binary }) => binary.fill(9)],
        ['date_time', ({ dateTime }) => dateTime.setUTCFullYear(2021)],
      ]
      for (const one of [made, sample]) {
        for (const [column, change] of changes) {
          change(one)
          const [sql, ...more] = await stage.sqlOf(() => one.save())
          expect(sql).to.contain(`set "${column}"`)
          expect(more).to.deep.equal([])
          await stage.sends(0, () => one.save())
        }
      }
      const again = await Sample.objects.get({ id: made.id })
      expect(again.json).to.deep.equal({ list: [1, 2] })
      expect([...again.binary]).to.deep.equal([9, 9])
      expect(again.dateTime).to.deep.equal(day('2021-01-01'))
    })

    it('what is changed while a save is on its way is changed still', async () => {
      const book = await emma()
      book.pages = 1
      const saving = book.save()
      book.pages = 2
      await saving
      await stage.sends(1, () => book.save())
      expect((await emma()).pages).to.equal(2)

      const sample = new Sample({ json: { list: [1] }, char: 'a' })
      const inserting = sample.save()
      ;(sample.json as { list: number[] }).list.push(2)
      sample.char = 'b'
      await inserting
      await stage.sends(1, () => sample.save())
      const again = await Sample.objects.get({ id: sample.id })
      expect([again.json, again.char]).to.deep.equal([{ list: [1, 2] }, 'b'])
    })

    it('an object that was given is the one that is kept, so that later changes to it are seen', async () => {
      const data = { owner: { name: 'Ann' } }
      const book = await emma()
      book.data = data
      await book.save()
      data.owner.name = 'Bob'
      await stage.sends(1, () => book.save())
      expect((await emma()).data).to.deep.equal({ owner: { name: 'Bob' } })

      const [json, dateTime, binary] = [{ a: 1 }, day('2020-01-01'), new Uint8Array([1])]
      const sample = await Sample.objects.create({ json, dateTime, binary })
      json.a = 2
      dateTime.setUTCFullYear(2021)
      binary[0] = 2
      await stage.sends(1, () => sample.save())
      const again = await Sample.objects.get({ id: sample.id })
      expect([again.json, again.dateTime, [...again.binary]]).to.deep.equal([
        { a: 2 },
        day('2021-01-01'),
        [2],
      ])
    })

    it('save({ fields }) writes those only, changed or not', async () => {
      const book = await emma()
      book.title = 'Emma!'
      book.pages = 1
      const [sql] = await stage.sqlOf(() => book.save({ fields: ['pages'] }))
      expect(sql).not.to.contain('"title" =')
      const again = await emma()
      expect(again.pages).to.equal(1)
      await stage.sends(1, () => book.save())
      expect((await Book.objects.get({ id: book.id })).title).to.equal('Emma!')
      await stage.sends(1, () => book.save({ fields: ['pages'] }))
      await stage.sends(0, () => book.save({ fields: [] }))
      const error = await stage.sends(0, () => rejection(book.save({ fields: ['pges' as string] })))
      expect(error.name).to.equal('FieldError')
    })

    it('validates what it writes, before any SQL, and stays changed', async () => {
      const book = await emma()
      book.pages = 'many' as unknown as number
      const error = await stage.sends(0, () => rejection(book.save()))
      expect((error as ValidationError).issues.map(({ field }) => field)).to.deep.equal(['pages'])
      book.pages = 475
      await stage.sends(1, () => book.save())
    })

    it('of a row that is gone is DoesNotExist', async () => {
      const book = await emma()
      await Book.objects.filter({ id: book.id }).delete()
      book.pages = 1
      expect(await rejection(book.save())).to.be.instanceOf(Book.DoesNotExist)
      expect(await rejection(book.refreshFromDb())).to.be.instanceOf(Book.DoesNotExist)
    })

    it('assigns relations by instance or key, and follows the one that was set last', async () => {
      const book = await emma()
      const ann = await Author.objects.get({ id: 2 })
      book.author = ann
      expect(book.authorId).to.equal(2)
      book.authorId = 3
      expect((await book.author).name).to.equal('Charlotte')
      await stage.sends(1, () => book.save())
      expect((await emma()).authorId).to.equal(3)
      ann.mentor = null
      expect(ann.mentorId).to.equal(null)
      expect(await ann.mentor).to.equal(null)
      await stage.sends(1, () => ann.save())
    })

    it('writes an expression and reads what became of it', async () => {
      const book = await emma()
      book.pages = F('pages').add(1) as unknown as number
      await stage.sends(2, () => book.save())
      expect(book.pages).to.equal(475)
      await stage.sends(0, () => book.save())
    })

    it('two saves at once of one new instance do not insert it twice', async () => {
      const tag = new Tag({ name: 'a' })
      const outcomes = await Promise.allSettled([tag.save(), tag.save()])
      expect(await Tag.objects.count()).to.equal(1)
      expect(outcomes[0]?.status).to.equal('fulfilled')
    })

    it('pk may be read and set, whatever the key is called', async () => {
      const book = await emma()
      expect(book.pk).to.equal(book.id)
      const tag = new Tag({ name: 'a' })
      tag.pk = 5
      await tag.save()
      expect(tag.id).to.equal(5)
    })

    it('a changed key is written to the row it was read from', async () => {
      const tag = await Tag.objects.create({ name: 'a' })
      tag.id = 50
      await stage.sends(1, () => tag.save())
      expect(await Tag.objects.valuesList('id', { flat: true })).to.deep.equal([50])
    })
  })

  describe('refreshFromDb(), equals(), toJSON()', () => {
    it('reads the row again, forgetting changes; or some columns, keeping others', async () => {
      const book = await emma()
      await Book.objects.filter({ id: book.id }).update({ pages: 1, status: 'draft' })
      book.title = 'changed'
      await stage.sends(1, () => book.refreshFromDb({ fields: ['pages'] }))
      expect([book.title, book.pages, book.status]).to.deep.equal(['changed', 1, 'live'])
      await stage.sends(1, () => book.refreshFromDb())
      expect([book.title, book.status]).to.deep.equal(['Emma', 'draft'])
      await stage.sends(0, () => book.save())
      const error = await stage.sends(0, () =>
        rejection(book.refreshFromDb({ fields: ['x' as string] })),
      )
      expect(error.name).to.equal('FieldError')
    })

    it('the same row is equal, whatever its columns say; an unsaved one only to itself', async () => {
      const [one, same, other] = [await emma(), await emma(), await Book.objects.get({ id: 2 })]
      one.title = 'changed'
      const unsaved = new Tag({ name: 'a' })
      expect([
        one.equals(same),
        one.equals(other),
        one.equals(null),
        one.equals({ id: 1 }),
      ]).to.deep.equal([true, false, false, false])
      expect([unsaved.equals(unsaved), unsaved.equals(new Tag({ name: 'a' }))]).to.deep.equal([
        true,
        false,
      ])
      expect(one.equals(await Author.objects.get({ id: 1 }))).to.equal(false)
    })

    it('an instance shows its columns: keys, spread, JSON', async () => {
      const book = await Book.objects.create({
        title: 'Villette',
        publishedAt: day('1853-01-28'),
        authorId: 3,
        price: '12.50',
        data: { a: [1] },
      })
      const columns = ['id', 'title', 'pages', 'publishedAt', 'status', 'price', 'data', 'authorId']
      expect(Object.keys(book)).to.deep.equal(columns)
      expect(JSON.parse(JSON.stringify(book))).to.deep.equal({
        id: 5,
        title: 'Villette',
        pages: 0,
        publishedAt: '1853-01-28T00:00:00.000Z',
        status: null,
        price: '12.50',
        data: { a: [1] },
        authorId: 3,
      })
    })

    it('what toJSON() writes, the schemas read', async () => {
      const sample = await Sample.objects.create({
        bigInteger: 2n ** 60n,
        binary: new Uint8Array([1, 255]),
        dateTime: day('2020-02-29'),
      })
      const parsed = Sample.schema.parse(JSON.parse(JSON.stringify(sample)))
      expect(parsed.bigInteger).to.equal(2n ** 60n)
      expect(parsed.dateTime).to.deep.equal(day('2020-02-29'))
      expect([...(parsed.binary as Uint8Array)]).to.deep.equal([1, 255])
    })
  })

  describe('bulkCreate()', () => {
    it('inserts inputs and instances in one statement, keys in their order', async () => {
      const tags = await stage.sends(1, () =>
        Tag.objects.bulkCreate([{ name: 'a' }, new Tag({ name: 'b' }), { name: 'c' }]),
      )
      expect(tags.map(({ id, name }) => [id, name])).to.deep.equal([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ])
      expect(tags.every((tag) => tag instanceof Tag)).to.equal(true)
      await stage.sends(0, () => Promise.all(tags.map((tag) => tag.save())))
    })

    it('batchSize makes more statements, in one transaction', async () => {
      const inputs = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }))
      const sql = await stage.sqlOf(() => Tag.objects.bulkCreate(inputs, { batchSize: 2 }))
      expect(sql).to.have.lengthOf(5)
      const twice = [...'fgf'].map((name) => ({ name }))
      await rejection(Tag.objects.bulkCreate(twice, { batchSize: 1 }))
      expect(await Tag.objects.count()).to.equal(5)
    })

    it('nothing is nothing; a wrong row is named before any SQL', async () => {
      expect(await stage.sends(0, () => Tag.objects.bulkCreate([]))).to.deep.equal([])
      const error = await stage.sends(0, () =>
        rejection(Tag.objects.bulkCreate([{ name: 'a' }, { name: 5 as unknown as string }])),
      )
      expect(error).to.be.instanceOf(ValidationError)
      const foreign = await stage.sends(0, async () =>
        rejection(Tag.objects.bulkCreate([new Author({ name: 'x' }) as never])),
      )
      expect(foreign).to.have.property('code', 'INVALID_VALUE')
    })

    it('leaves out rows that clash, or updates the ones that are there', async () => {
      const ann = { name: 'Ann', email: 'ann@example.org' }
      const before = await Author.objects.create(ann)
      const ignored = await stage.sends(1, () =>
        Author.objects.bulkCreate([ann, { name: 'Zoe', email: 'zoe@example.org' }], {
          ignoreConflicts: true,
        }),
      )
      expect(ignored.map(({ name, id }) => [name, id])).to.deep.equal([
        ['Ann', undefined],
        ['Zoe', undefined],
      ])
      const updated = await stage.sends(1, () =>
        Author.objects.bulkCreate([{ name: 'Anne', email: ann.email, bornOn: '1900-01-01' }], {
          updateConflicts: true,
          uniqueFields: ['email'],
          updateFields: ['name'],
        }),
      )
      expect(updated.map((author) => ({ ...author }))).to.deep.equal([
        { id: before.id, name: 'Anne', email: ann.email, bornOn: null, mentorId: null },
      ])
      expect(await Author.objects.filter({ email: ann.email }).values('name')).to.deep.equal([
        { name: 'Anne' },
      ])
    })

    it('refuses options that contradict each other before any SQL', async () => {
      const rows = [{ name: 'x' }]
      for (const options of [
        { ignoreConflicts: true, updateConflicts: true, updateFields: ['name'] },
        { updateConflicts: true },
        { updateConflicts: true, updateFields: ['nmae' as never] },
        { updateConflicts: true, updateFields: ['name'], uniqueFields: ['name'] },
        { updateFields: ['name'] },
      ] as const) {
        const error = await stage.sends(0, () => rejection(Tag.objects.bulkCreate(rows, options)))
        expect(error).to.be.instanceOf(FieldError)
      }
    })

    it('10,000 rows take few statements', async () => {
      const inputs = Array.from({ length: 10_000 }, (_, at) => ({ name: `tag ${at}` }))
      const sql = await stage.sqlOf(() => Tag.objects.bulkCreate(inputs))
      expect(sql.length).to.be.lessThan(5)
      expect(await Tag.objects.count()).to.equal(10_000)
    })
  })

  describe('update()', () => {
    it('computes decimals with as many digits as their column has', async () => {
      const books = Book.objects.filter({ id__in: [1, 2] }).orderBy('id')
      await books.update({ price: '9.99' })
      await books.update({ price: F('price').mul('1.1') })
      expect(await books.valuesList('price', { flat: true })).to.eql(['10.99', '10.99'])
      await books.update({ price: F('price').sub('0.09') })
      expect(await books.valuesList('price', { flat: true })).to.eql(['10.90', '10.90'])
      const book = await emma()
      expect(book.toJSON()).to.have.property('price', '10.90')
      await stage.sends(0, () => book.save())
    })

    it('writes to all rows of the query, and says how many there were', async () => {
      const changed = await stage.sends(1, () =>
        Book.objects
          .filter({ author__name: 'Jane' })
          .update({ pages: F('pages').add(1), price: '1.50' }),
      )
      expect(changed).to.equal(2)
      const rows = await Book.objects.orderBy('id').valuesList('pages', 'price')
      expect(rows).to.deep.equal([
        [475, '1.50'],
        [250, '1.50'],
        [880, null],
        [240, null],
      ])
    })

    it('takes relations by instance and key, null, and any JSON', async () => {
      const author = await Author.objects.get({ id: 3 })
      await stage.sends(3, async () => {
        await Book.objects.filter({ id: 1 }).update({ author, data: [1, 'a'], status: null })
        await Book.objects.filter({ id: 2 }).update({ authorId: 3 })
        const rows = await Book.objects
          .filter({ authorId: 3 })
          .orderBy('id')
          .values('data', 'status')
        expect(rows).to.deep.equal([
          { data: [1, 'a'], status: null },
          { data: null, status: 'draft' },
        ])
      })
    })

    it('nothing to match, nothing to write: no rows', async () => {
      expect(await stage.sends(0, () => Book.objects.none().update({ pages: 1 }))).to.equal(0)
      expect(
        await stage.sends(0, () => Book.objects.filter({ id__in: [] }).update({ pages: 1 })),
      ).to.equal(0)
      expect(
        await stage.sends(1, () => Book.objects.filter({ id: 9 }).update({ pages: 1 })),
      ).to.equal(0)
    })

    it('is refused whole, before any SQL, for a wrong name or value', async () => {
      await stage.sends(0, async () => {
        const unknown = await rejection(Book.objects.update({ pgaes: 1 } as never))
        expect(unknown.name).to.be.oneOf(['FieldError', 'ValidationError'])
        const invalid = await rejection(Book.objects.update({ pages: 'x', title: 5 } as never))
        expect((invalid as ValidationError).issues).to.have.lengthOf(2)
        const missing = await rejection(Book.objects.update({ title: null } as never))
        expect(missing).to.be.instanceOf(ValidationError)
        const nothing = await rejection(Book.objects.update({ title: undefined } as never))
        expect(nothing.name).to.be.oneOf(['ValidationError', 'InvalidValueError'])
      })
    })

    it('of what a subquery finds by a relation of the row is refused by name', async () => {
      const own = Author.objects.filter({ id: OuterRef('authorId') }).values('mentorId')
      await Book.objects.update({ pages: Coalesce(Subquery(own), 7) })
      const pages = await Book.objects.orderBy('id').valuesList('pages', { flat: true })
      expect(pages).to.deep.equal([7, 7, 1, 1])
      const far = Author.objects.filter({ id: OuterRef('author__mentor') }).values('id')
      const book = await emma()
      book.pages = Subquery(far) as never
      for (const write of [
        () => Book.objects.update({ pages: Subquery(far) }),
        () => Book.objects.bulkUpdate([book], ['pages']),
        () => book.save(),
      ]) {
        const error = await stage.sends(0, () => rejection(write()))
        expect(error).to.be.instanceOf(FieldError)
        expect(error.message).to.contain('columns of its own model, not of a relation')
      }
    })

    it('after a slice is an error', async () => {
      const error = await stage.sends(0, () =>
        rejection(Book.objects.slice(0, 1).update({ pages: 1 })),
      )
      expect(error.name).to.equal('FieldError')
    })
  })

  describe('delete()', () => {
    it('of a queryset: what the rows were', async () => {
      const report = await Book.objects.filter({ status: 'live' }).delete()
      expect(report).to.deep.equal([2, { Book: 2 }])
      expect(await Book.objects.count()).to.equal(2)
      expect(await stage.sends(0, () => Book.objects.none().delete())).to.deep.equal([0, {}])
      expect(await Book.objects.filter({ id: 99 }).delete()).to.deep.equal([0, {}])
    })

    it('of an instance: it is then a new one, that can be saved again', async () => {
      const tag = await Tag.objects.create({ name: 'a' })
      expect(await stage.sends(1, () => tag.delete())).to.deep.equal([1, { Tag: 1 }])
      expect(tag.pk ?? null).to.equal(null)
      expect(await stage.sends(0, () => rejection(tag.delete()))).to.have.property('code')
      await stage.sends(1, () => tag.save())
      expect(await Tag.objects.count()).to.equal(1)
    })

    it('with a filter over a relation', async () => {
      await Book.objects.filter({ author__mentor__name: 'Jane' }).delete()
      expect(await Book.objects.orderBy('id').valuesList('title', { flat: true })).to.deep.equal([
        'Emma',
        'Persuasion',
      ])
    })

    it('after a slice, values() or distinct() of fields is an error', async () => {
      await stage.sends(0, async () => {
        for (const refused of [
          Book.objects.slice(0, 1),
          Book.objects.values('id'),
          Book.objects.distinct('title'),
        ]) {
          expect((await rejection(refused.delete())).name).to.equal('FieldError')
        }
      })
    })
  })

  describe('getOrCreate() and updateOrCreate()', () => {
    it('finds what is there', async () => {
      const [author, created] = await stage.sends(1, () =>
        Author.objects.getOrCreate({ name: 'Jane' }, { defaults: { email: 'other@example.org' } }),
      )
      expect([author.id, author.email, created]).to.deep.equal([1, 'jane@example.org', false])
    })

    it('creates from the lookups and the defaults, whose functions are called', async () => {
      const [author, created] = await Author.objects.getOrCreate(
        { name: 'Emily', id__gt: 0 },
        {
          defaults: {
            email: (() => 'emily@example.org') as unknown as string,
            bornOn: '1818-07-30',
          },
        },
      )
      expect({ ...author }).to.deep.equal({
        id: 4,
        name: 'Emily',
        email: 'emily@example.org',
        bornOn: '1818-07-30',
        mentorId: null,
      })
      expect(created).to.equal(true)
    })

    it('ten at once make one row', async () => {
      const all = await Promise.all(
        Array.from({ length: 10 }, () => Tag.objects.getOrCreate({ name: 'a' })),
      )
      expect(await Tag.objects.count()).to.equal(1)
      expect(new Set(all.map(([tag]) => tag.id))).to.have.property('size', 1)
      expect(all.filter(([, created]) => created)).to.have.lengthOf(1)
    })

    it('several rows are an error', async () => {
      const error = await rejection(Author.objects.getOrCreate({ mentorId: 1 } as never))
      expect(error).to.be.instanceOf(Author.MultipleObjectsReturned)
    })

    it('updateOrCreate() updates what is there, else creates', async () => {
      const [book, created] = await Book.objects.updateOrCreate(
        { title: 'Emma' },
        { defaults: { pages: 480 } },
      )
      expect([book.pages, created]).to.deep.equal([480, false])
      expect((await emma()).pages).to.equal(480)
      const [tag, isNew] = await Tag.objects.updateOrCreate(
        { name: 'a' },
        { defaults: { name: 'b' }, createDefaults: { id: 9 } },
      )
      expect([tag.id, tag.name, isNew]).to.deep.equal([9, 'a', true])
      const [renamed] = await Tag.objects.updateOrCreate({ name: 'a' }, { defaults: { name: 'b' } })
      expect([renamed.id, renamed.name]).to.deep.equal([9, 'b'])
    })

    it('a wrong name in defaults is refused', async () => {
      const options = { defaults: { nmae: 'x' } } as never
      const created = await rejection(Tag.objects.getOrCreate({ name: 'z' }, options))
      expect(created.name).to.be.oneOf(['FieldError', 'ValidationError'])
      await Tag.objects.create({ name: 'z' })
      const updated = await rejection(Tag.objects.updateOrCreate({ name: 'z' }, options))
      expect(updated.name).to.be.oneOf(['FieldError', 'ValidationError'])
    })
  })

  it('a bigint key comes back as one, and is found', async () => {
    const sample = await OptionalSample.objects.create({ char: 'a' })
    expect(sample.pk).to.equal(sample.id)
    expect(typeof sample.id).to.equal('bigint')
    sample.char = 'b'
    await stage.sends(1, () => sample.save())
    expect((await OptionalSample.objects.get({ id: sample.id })).char).to.equal('b')
  })
})
