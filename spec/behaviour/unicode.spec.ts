/** Texts of every alphabet: kept as they are, and compared by rules that are told. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Collate, Length } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Sample } from './support/samples.ts'
import { useStage } from './support/stage.ts'

const ODD = [
  'é', // one code point
  'e\u0301', // two
  '👩‍👩‍👧',
  '\u{10ffff}\u{1f468}',
  'İstanbul ıI',
  'Straße',
  '\u202eright to left\u202c',
  '\ufeffbom',
  'zero\u200bwidth',
  '\u0001\u001f\u007f\u0085\u2028',
]

/** Texts of which one is the other in another case, and who knows that. */
const CASES = [
  ['a', 'A', 'everywhere'],
  ['i', 'I', 'everywhere'],
  ['é', 'É', 'by locale'],
  ['ж', 'Ж', 'by locale'],
  ['straße', 'STRASSE', 'by ICU'],
  ['İ', 'i', 'nowhere'],
  ['e\u0301', 'é', 'nowhere'],
] as const

const IGNORING = ['iexact', 'icontains', 'istartswith', 'iendswith'] as const

describeOnEach('texts of every alphabet (F51)', (kind) => {
  const stage = useStage(kind)

  const add = (texts: readonly string[]) =>
    Sample.objects.bulkCreate(texts.map((text) => ({ text, char: text })))

  it('keep each code point, are found by it, and are as long as they have', async () => {
    const any = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'))
    const texts = [...new Set([...ODD, ...fc.sample(any, 200)])]
    await add(texts)
    const rows = await Sample.objects.orderBy('id').annotate({ n: Length('text') })
    expect(rows.map(({ text }) => text)).to.deep.equal(texts)
    expect(rows.map(({ char }) => char)).to.deep.equal(texts)
    expect(rows.map(({ n }) => n)).to.deep.equal(texts.map((text) => [...text].length))
    for (const text of ODD) {
      for (const where of [{ text }, { char__in: [text] }]) {
        const found = await Sample.objects.filter(where).valuesList('text', { flat: true })
        expect(found).to.deep.equal([text])
      }
      const containing = texts.filter((other) => other.includes(text)).length
      expect(await Sample.objects.filter({ text__contains: text }).count()).to.equal(containing)
    }
  })

  for (const [one, other, who] of CASES) {
    it(`${one} is ${other} without its case: ${who}`, async () => {
      const answer = await stage.db.knex.raw("select upper('é') as e")
      const [row] = kind.dialect === 'sqlite' ? answer : answer.rows
      await add([one])
      for (const lookup of IGNORING) {
        const found = await Sample.objects.filter({ [`text__${lookup}`]: other } as never).exists()
        // SQLite knows the letters of ASCII only, and so does PostgreSQL where its locale is C.
        const isKnown = who === 'everywhere' || (who === 'by locale' && row.e === 'É')
        expect(found, lookup).to.equal(isKnown)
        if (kind.dialect === 'sqlite') continue
        const known = Sample.objects.alias({ known: Collate('text', 'und-x-icu') })
        const isFound = await known.filter({ [`known__${lookup}`]: other } as never).exists()
        expect(isFound, `${lookup} by ICU`).to.equal(who !== 'nowhere')
      }
      expect(await Sample.objects.filter({ text: other }).exists()).to.equal(false)
    })
  }
})
