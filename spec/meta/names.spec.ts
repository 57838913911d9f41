import { expect } from 'chai'
import { nameProblem, snakeCase } from '../../lib/meta/names.ts'

describe('names', () => {
  const columns: Record<string, string> = {
    title: 'title',
    publishedAt: 'published_at',
    isoA2: 'iso_a2',
    homeURL: 'home_url',
    URLOfHome: 'url_of_home',
    line2Text: 'line2_text',
    a: 'a',
    ÄrgerÜber: 'ärger_über',
    already_snake: 'already_snake',
  }
  for (const [name, column] of Object.entries(columns)) {
    it(`the column of ${name} is ${column}`, () => expect(snakeCase(name)).to.equal(column))
  }

  it('letters of any language, digits, _ and $ make a name', () => {
    for (const name of ['a', 'Über', 'naïve2', 'a_b', '名前', 'a$']) {
      expect(nameProblem(name), name).to.equal(null)
    }
  })

  it('what separates lookups, belongs to JavaScript or is no name is not one', () => {
    for (const name of [
      'a__b',
      'a_',
      '__proto__',
      'then',
      'save',
      '',
      '1a',
      'a b',
      'a-b',
      'a.b',
      '_a',
    ]) {
      expect(nameProblem(name), name).to.be.a('string')
    }
  })
})
