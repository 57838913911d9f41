import { expect } from 'chai'
import {
  AsyncManager,
  Count,
  FilteredRelation,
  fields,
  ImproperlyConfigured,
  Model,
  OrmError,
} from '../../lib/index.ts'
import { Author, Book } from '../behaviour/support/library.ts'
import { rejection, thrown, useStage } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'

class Account extends Model('accounts', {
  token: fields.char({ maxLength: 5, sensitive: true }),
  pin: fields.choice({ choices: ['secret-choice'], sensitive: true }),
}) {
  static objects = new AsyncManager(Account)
}

/** Starts a line of a log, steers a terminal, turns text round, cuts it, ends it. */
const STEERING = 'x\n2026-01-01 root logged in\r\t\0\u001b[31m\u0085\u2028\u202e\ufeff\ud800'
const WRITTEN =
  'x\\u{a}2026-01-01 root logged in\\u{d}\\u{9}\\u{0}\\u{1b}[31m\\u{85}\\u{2028}\\u{202e}\\u{feff}\\u{d800}'

describeOnEach('messages for logs', (kind) => {
  const stage = useStage(kind)
  const loose = <T extends object>(on: T): Record<string, (...args: unknown[]) => unknown> =>
    on as never
  const books = () => loose(Book.objects)
  const calls: Readonly<Record<string, (name: string) => unknown>> = {
    'filter()': (name) => books()['filter']?.({ [name]: 1 }),
    'filter() by an unknown lookup': (name) => books()['filter']?.({ [`title__${name}`]: 1 }),
    'orderBy()': (name) => books()['orderBy']?.(name),
    'selectRelated()': (name) => books()['selectRelated']?.(name),
    'prefetchRelated()': (name) => books()['prefetchRelated']?.(name),
    'update()': (name) => books()['update']?.({ [name]: 1 }),
    'create()': (name) => books()['create']?.({ [name]: 1 }),
    'bulkUpdate()': (name) => books()['bulkUpdate']?.([], [name]),
    'inBulk()': (name) => books()['inBulk']?.([1], { fieldName: name }),
    'iterator() by its options': (name) => books()['iterator']?.({ [name]: 1 }),
    'Count() by its options': (name) =>
      (Count as (...args: unknown[]) => unknown)('id', { [name]: 1 }),
    'FilteredRelation()': (name) => books()['annotate']?.({ b: FilteredRelation(name) }),
    'using()': (name) => loose(books()['using']?.(name) as object)['count']?.(),
  }
  for (const [call, run] of Object.entries(calls)) {
    it(`S63 ${call} writes control characters of a name as their codes`, async () => {
      const error = await stage.sends(0, () => rejection((async () => await run(STEERING))()))
      expect(error).to.be.instanceOf(OrmError)
      expect(error.message).to.match(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+$/u)
      expect(error.message).to.contain(WRITTEN)
    })

    it(`S63 ${call} cuts a long name and says what there is`, async () => {
      const error = await stage.sends(0, () =>
        rejection((async () => await run('x'.repeat(50_000)))()),
      )
      expect(error).to.be.instanceOf(OrmError)
      expect(error.message.length).to.be.lessThan(1000)
      expect(error.message).not.to.contain('x'.repeat(101))
      const shorter = await rejection((async () => await run('x'.repeat(150)))())
      expect(shorter.message).to.contain(`${'x'.repeat(100)}…`)
      expect(shorter.message).not.to.contain('x'.repeat(101))
    })
  }

  it('S63 keys of JSON that are text of several lines are named as one', async () => {
    const error = await stage.sends(0, () =>
      thrown(() => books()['filter']?.({ 'data__a\nb': undefined })),
    )
    expect(error.message).to.equal(
      'Book.data__a\\u{a}b cannot be undefined: leave the key out, or use null.',
    )
  })

  it('S63 a list of problems keeps its lines, each of them one', () => {
    const error = new ImproperlyConfigured('one\u001b[2J', { lines: ['two\nand a half', 'three'] })
    expect(error.message).to.equal('one\\u{1b}[2J\ntwo\\u{a}and a half\nthree')
    expect(new OrmError('x'.repeat(5000)).message).to.equal(`${'x'.repeat(1999)}…`)
  })

  it('S62 what is not valid is told by its field, never by its value', async () => {
    const wrong = { token: 'secret-token', pin: 'secret-pin' }
    const errors = await stage.sends(0, async () => [
      await rejection(Account.objects.create(wrong as never)),
      await rejection(Account.objects.update(wrong as never)),
      await rejection(Account.objects.bulkCreate([new Account(wrong as never)])),
      thrown(() => Account.objects.filter({ token: { secret: 'secret-token' } } as never)),
    ])
    for (const error of errors) {
      const told = `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`
      expect(told).to.match(/token/)
      expect(told).not.to.match(/secret-/)
    }
  })

  it('S07 latest() and earliest() go by a field, not by chance', async () => {
    await stage.sends(0, async () => {
      for (const verb of ['latest', 'earliest']) {
        const error = await rejection((async () => await loose(Author.objects)[verb]?.('?'))())
        expect(error.name).to.equal('FieldError')
        expect(error.message).to.equal(`${verb}() needs a field to go by, not '?'.`)
      }
    })
  })
})
