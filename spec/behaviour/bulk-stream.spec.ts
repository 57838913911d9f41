/** Rows that are inserted as they come, and what is told of long writes. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import {
  AsyncManager,
  FieldError,
  fields,
  InvalidValueError,
  Model,
  type Progress,
  postSave,
  type RelatedManager,
  UniqueViolation,
  ValidationError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { rejection, until, useStage } from './support/stage.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Tags one by one, and what became of the one who gives them. */
class Source {
  given = 0
  isClosed = false
  readonly #names: Iterable<string>

  constructor(names: Iterable<string>) {
    this.#names = names
  }

  *inputs(): Generator<{ name: string }> {
    try {
      for (const name of this.#names) {
        this.given += 1
        yield { name }
      }
    } finally {
      this.isClosed = true
    }
  }

  async *later(): AsyncGenerator<{ name: string }> {
    for (const input of this.inputs()) {
      await new Promise((resolve) => setImmediate(resolve))
      yield input
    }
  }
}

const made: WeakRef<object>[] = []

/** Tags of which it is known which are still in memory. */
class Watched extends Model('tags', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Watched)

  constructor(values?: object) {
    super(values)
    made.push(new WeakRef(this))
  }
}

const INSERT_OF_JSON =
  'insert into "tags" ("name") select value ->> 0 from json_each(?) where true returning "id"'
const INSERT_OF_ARRAYS =
  'insert into "tags" ("name") select c0 from unnest(coalesce($1, array[(null::"tags")."name"])) ' +
  'with ordinality as r(c0, n) order by n returning "id"'

const namesOf = () => Tag.objects.orderBy('id').valuesList('name', { flat: true })

describeOnEach('bulkCreate() of rows that come one by one', (kind) => {
  const stage = useStage(kind)
  const isPg = kind.dialect === 'postgresql'
  const used = (): number =>
    (stage.db.knex.client as { pool: { numUsed(): number } }).pool.numUsed()

  it('inserts them chunk by chunk in one transaction, and says how many (F54)', async () => {
    for (const rows of [new Source('abcde').inputs(), new Source('fghij').later()]) {
      let count: unknown
      const sql = await stage.sqlOf(async () => {
        count = await Tag.objects.bulkCreate(rows, { batchSize: 2 })
      })
      expect(count).to.equal(5)
      const many = isPg ? INSERT_OF_ARRAYS : INSERT_OF_JSON
      const one = `insert into "tags" ("name") values (${isPg ? '$1' : '?'}) returning "id"`
      expect(sql).to.deep.equal([isPg ? 'BEGIN' : 'BEGIN IMMEDIATE', many, many, one, 'COMMIT'])
    }
    expect(await namesOf()).to.deep.equal([...'abcdefghij'])
    expect(used()).to.equal(0)
  })

  it('reads no further than the chunk that is written next', async () => {
    const source = new Source('abcde')
    const seen: number[] = []
    await Tag.objects.bulkCreate(source.inputs(), {
      batchSize: 2,
      onProgress: () => void seen.push(source.given),
    })
    expect(seen).to.deep.equal([2, 4, 5])
  })

  it('takes sets, instances among inputs, and rows that another query reads', async () => {
    const mine = new Tag({ name: 'mine' })
    expect(await Tag.objects.bulkCreate(new Set([mine, { name: 'other' }]))).to.equal(2)
    expect(mine.id).to.equal(1)
    await stage.sends(0, () => mine.save())
    const people = Author.objects.orderBy('name').iterator({ chunkSize: 2 })
    async function* names() {
      for await (const { name } of people) yield { name }
    }
    expect(await Tag.objects.bulkCreate(names(), { batchSize: 1 })).to.equal(3)
    expect(await namesOf()).to.deep.equal(['mine', 'other', 'Charlotte', 'Jane', 'Mary Ann'])
  })

  it('takes rows of which some have their keys and some have not', async () => {
    const rows = new Set([{ name: 'a' }, { name: 'b', id: 70 }, { name: 'c' }, { name: 'd' }])
    expect(await Tag.objects.bulkCreate(rows, { batchSize: 3 })).to.equal(4)
    const rest = await Tag.objects.filter({ id__lt: 70 }).count()
    expect(await Tag.objects.orderBy('name').valuesList('name', { flat: true })).to.deep.equal([
      ...'abcd',
    ])
    // SQLite counts on from the largest key.
    expect(rest).to.equal(isPg ? 3 : 2)
  })

  it('nothing is 0', async () => {
    expect(await Tag.objects.bulkCreate(new Source('').later())).to.equal(0)
    expect(await Tag.objects.count()).to.equal(0)
  })

  it('leaves out rows that clash, or updates them', async () => {
    await Tag.objects.create({ name: 'b' })
    const rows = new Source('abcb').inputs()
    const options = { ignoreConflicts: true, batchSize: 2 }
    expect(await Tag.objects.bulkCreate(rows, options)).to.equal(4)
    expect(await Tag.objects.orderBy('name').valuesList('name', { flat: true })).to.deep.equal([
      ...'abc',
    ])
    const jane = { name: 'Jane Austen', email: 'jane@example.org' }
    await Author.objects.bulkCreate(new Set([jane]), {
      updateConflicts: true,
      uniqueFields: ['email'],
      updateFields: ['name'],
    })
    expect((await Author.objects.get({ email: jane.email })).name).to.equal('Jane Austen')
  })

  it('rolls everything back and closes the source, whatever fails', async () => {
    const clashing = new Source('abcab')
    const clash = Tag.objects.bulkCreate(clashing.later(), { batchSize: 2 })
    expect(await rejection(clash)).to.be.instanceOf(UniqueViolation)
    expect([clashing.given, clashing.isClosed]).to.deep.equal([4, true])

    const failing = async function* () {
      yield* new Source('abc').inputs()
      throw new Error('mine')
    }
    const failed = await rejection(Tag.objects.bulkCreate(failing(), { batchSize: 2 }))
    expect(failed.message).to.equal('mine')

    const invalid = new Source(['a', 'b', 'c', 'd'.repeat(51), 'e'])
    const error = await rejection(Tag.objects.bulkCreate(invalid.inputs(), { batchSize: 2 }))
    expect(error).to.be.instanceOf(ValidationError)
    expect(error.message).to.match(/^Tag rows\[3\] is not valid\. name: /)
    expect([invalid.given, invalid.isClosed]).to.deep.equal([4, true])

    const told = new Source('abcde')
    const onProgress = ({ done }: Progress): void => {
      if (done === 4) throw new Error('enough')
    }
    const stopped = Tag.objects.bulkCreate(told.inputs(), { batchSize: 2, onProgress })
    expect((await rejection(stopped)).message).to.equal('enough')
    expect([told.given, told.isClosed]).to.deep.equal([4, true])

    expect(await Tag.objects.count()).to.equal(0)
    expect(used()).to.equal(0)
  })

  it('names the row that is not valid by its index, before any SQL where it can', async () => {
    for (const rows of [[{ name: 'a' }, { nmae: 'b' }], new Set([{ name: 'a' }, { nmae: 'b' }])]) {
      const error = await rejection(Tag.objects.bulkCreate(rows as never))
      expect(error.message).to.match(/^Tag rows\[1\] is not valid\. nmae: /)
    }
    const long = { name: 'a'.repeat(51) }
    const error = await stage.sends(0, () => rejection(Tag.objects.bulkCreate([long])))
    expect(error.message).to.match(/^Tag rows\[0\] is not valid\. name: /)
    for (const rows of [[{ name: 'a' }, null], new Set([{ name: 'a' }, null])]) {
      const none = await rejection(Tag.objects.bulkCreate(rows as never))
      expect(none).to.be.instanceOf(InvalidValueError)
      expect(none.message).to.contain('rows[1]')
    }
  })

  it('leaves instances as unsaved as they were when it fails', async () => {
    const tags = ['a', 'b', 'c'].map((name) => new Tag({ name }))
    const twice = new Set([...tags, { name: 'a' }])
    await rejection(Tag.objects.bulkCreate(twice, { batchSize: 1 }))
    expect(tags.map(({ id }) => id)).to.deep.equal([undefined, undefined, undefined])
    expect(await Tag.objects.bulkCreate(new Set(tags))).to.equal(3)
    expect(await namesOf()).to.deep.equal(['a', 'b', 'c'])
  })

  it('tells listeners of each chunk, whose instances are new again when it fails', async () => {
    const told: (readonly Tag[])[] = []
    const off = postSave(Tag, (event) => {
      if (event.kind === 'bulkCreate') told.push(event.instances)
    })
    try {
      await Tag.objects.bulkCreate(new Source('abc').inputs(), { batchSize: 2 })
      await rejection(Tag.objects.bulkCreate(new Source('dea').inputs(), { batchSize: 2 }))
    } finally {
      off()
    }
    expect(told.map((tags) => tags.map(({ name, id }) => [name, id]))).to.deep.equal([
      [
        ['a', 1],
        ['b', 2],
      ],
      [['c', 3]],
      [
        ['d', undefined],
        ['e', undefined],
      ],
    ])
  })

  it('is a savepoint in a transaction', async () => {
    await stage.db.atomic(async () => {
      await Tag.objects.create({ name: 'before' })
      const clash = Tag.objects.bulkCreate(new Source('aa').inputs(), { batchSize: 1 })
      expect(await rejection(clash)).to.be.instanceOf(UniqueViolation)
      expect(await Tag.objects.bulkCreate(new Source('bc').inputs())).to.equal(2)
    })
    expect(await Tag.objects.orderBy('name').valuesList('name', { flat: true })).to.deep.equal([
      'b',
      'before',
      'c',
    ])
  })

  it('refuses bad options and what is no rows before any SQL, and reads nothing', async () => {
    const source = new Source('a')
    const refused: readonly (readonly [unknown, object, unknown])[] = [
      [source.inputs(), { batchSize: 0 }, RangeError],
      [source.inputs(), { onProgress: 'x' }, InvalidValueError],
      [source.inputs(), { updateFields: ['name'] }, FieldError],
      [{ name: 'a' }, {}, InvalidValueError],
      ['ab', {}, InvalidValueError],
      [null, {}, InvalidValueError],
      [[{ name: 'a' }], { onProgress: 'x' }, InvalidValueError],
    ]
    for (const [rows, options, type] of refused) {
      const error = await stage.sends(0, () =>
        rejection(Tag.objects.bulkCreate(rows as never, options)),
      )
      expect(error).to.be.instanceOf(type)
    }
    const jane = await Author.objects.get({ id: 1 })
    const books = (jane as unknown as { books: { bulkCreate(rows: unknown): Promise<unknown> } })
      .books
    const related = await stage.sends(0, () => rejection(books.bulkCreate('ab')))
    expect(related).to.be.instanceOf(InvalidValueError)
    expect(source.given).to.equal(0)
  })

  it('keeps no row of 50,000 (F54)', async () => {
    made.length = 0
    let most = 0
    const kept = (): number => made.filter((ref) => ref.deref() !== undefined).length
    function* rows() {
      for (let at = 0; at < 50_000; at += 1) yield { name: `tag ${at}` }
    }
    const count = await Watched.objects.bulkCreate(rows(), {
      async onProgress({ done }) {
        if (done % 10_000 !== 0) return
        await new Promise((resolve) => setImmediate(resolve))
        collectGarbage()
        most = Math.max(most, kept())
      },
    })
    expect(count).to.equal(50_000)
    expect(made).to.have.length.above(49_999)
    expect(most).to.be.lessThan(4001)
    await until(() => {
      collectGarbage()
      return kept() === 0
    })
    expect(await Tag.objects.count()).to.equal(50_000)
  }).timeout(60_000)
})

describeOnEach('onProgress', (kind) => {
  const stage = useStage(kind)

  it('is told of bulkCreate() after each chunk, and of how many', async () => {
    const told: Progress[] = []
    const onProgress = (progress: Progress): void => void told.push(progress)
    const rows = [...'abcde'].map((name) => ({ name }))
    const tags = await stage.sends(5, () =>
      Tag.objects.bulkCreate(rows, { batchSize: 2, onProgress }),
    )
    expect(tags).to.have.lengthOf(5)
    await Tag.objects.delete()
    await Tag.objects.bulkCreate(new Set(rows), { batchSize: 2, onProgress })
    expect(await Tag.objects.bulkCreate([], { onProgress })).to.deep.equal([])
    expect(await Tag.objects.bulkCreate(new Set([]), { onProgress })).to.equal(0)
    expect(told).to.deep.equal([
      { done: 2, total: 5 },
      { done: 4, total: 5 },
      { done: 5, total: 5 },
      { done: 2, total: null },
      { done: 4, total: null },
      { done: 5, total: null },
    ])
  })

  it('is told of bulkUpdate(), of each row once', async () => {
    const told: Progress[] = []
    const onProgress = (progress: Progress): void => void told.push(progress)
    const books = await Book.objects.orderBy('id')
    for (const book of books) book.pages += 1
    const options = { batchSize: 3, onProgress }
    const all = [...books, ...books]
    expect(await stage.sends(4, () => Book.objects.bulkUpdate(all, ['pages'], options))).to.equal(4)
    expect(await Book.objects.bulkUpdate([], ['pages'], options)).to.equal(0)
    expect(told).to.deep.equal([
      { done: 3, total: 4 },
      { done: 4, total: 4 },
    ])
    const wrong = { onProgress: 3 as never }
    const refused = await stage.sends(0, () =>
      rejection(Book.objects.bulkUpdate(books, ['pages'], wrong)),
    )
    expect(refused).to.be.instanceOf(InvalidValueError)
  })

  it('is told of delete() after each statement, of what cascades too', async () => {
    const told: Progress[] = []
    const left: number[] = []
    const onProgress = async (progress: Progress): Promise<void> => {
      told.push(progress)
      left.push((await Book.objects.count()) + (await Author.objects.count()))
    }
    const mary = await Author.objects.get({ name: 'Mary Ann' })
    const { books } = mary as unknown as { readonly books: RelatedManager<Book> }
    expect(await books.delete({ onProgress })).to.deep.equal([2, { Book: 2 }])
    const deleted = await Author.objects.all().delete({ onProgress })
    expect(deleted).to.deep.equal([5, { Book: 2, Author: 3 }])
    expect(told).to.deep.equal([
      { done: 2, total: null },
      { done: 2, total: null },
      { done: 5, total: null },
    ])
    expect(left).to.deep.equal([5, 3, 0])
    const wrong = { onProgress: 3 as never }
    const refused = await stage.sends(0, () => rejection(Tag.objects.all().delete(wrong)))
    expect(refused).to.be.instanceOf(InvalidValueError)
    expect(refused.message).to.equal(
      'delete() takes a function as onProgress: ({ done, total }) => void.',
    )
  })

  it('undoes a delete() by throwing', async () => {
    const stop = (): never => {
      throw new Error('enough')
    }
    for (const rows of [Book.objects.all(), Author.objects.all()]) {
      const deleted = (rows as ReturnType<typeof Book.objects.all>).delete({ onProgress: stop })
      expect((await rejection(deleted)).message).to.equal('enough')
    }
    expect(await Book.objects.count()).to.equal(4)
    expect(await Author.objects.count()).to.equal(3)
  })

  it('is waited for in the transaction, and undoes all of it by throwing', async () => {
    const counts: number[] = []
    const onProgress = async ({ done }: Progress): Promise<void> => {
      counts.push(await Tag.objects.count())
      if (done === 3) throw new Error('enough')
    }
    const tags = ['a', 'b', 'c'].map((name) => new Tag({ name }))
    const created = Tag.objects.bulkCreate(tags, { batchSize: 2, onProgress })
    expect((await rejection(created)).message).to.equal('enough')
    expect(counts).to.deep.equal([2, 3])
    expect(tags[0]?.id).to.equal(undefined)
    const one = Tag.objects.bulkCreate(tags, { onProgress })
    expect((await rejection(one)).message).to.equal('enough')
    expect(await Tag.objects.count()).to.equal(0)

    const books = await Book.objects.orderBy('id')
    for (const book of books) book.pages = 1
    const stop = (): never => {
      throw new Error('enough')
    }
    const updated = Book.objects.bulkUpdate(books, ['pages'], { onProgress: stop })
    expect((await rejection(updated)).message).to.equal('enough')
    expect(await Book.objects.filter({ pages: 1 }).count()).to.equal(0)
    await stage.sends(1, () => books[0]?.save())
  })
})
