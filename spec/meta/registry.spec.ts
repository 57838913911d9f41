import { expect } from 'chai'
import { ImproperlyConfigured } from '../../lib/errors.ts'
import { Registry } from '../../lib/meta/registry.ts'

describe('Registry', () => {
  const model = (name: string, site: string) => ({ name, site })
  const author = model('Author', '/app/a.ts:1:1')
  const book = model('Book', '/app/b.ts:1:1')

  function registry(...models: (typeof author)[]): Registry<typeof author> {
    const all = new Registry<typeof author>()
    for (const one of models) all.add(one)
    return all
  }

  it("knows models by name, and 'self'", () => {
    const all = registry(author, book)
    expect(all.resolve('Author', book)).to.equal(author)
    expect(all.resolve('self', book)).to.equal(book)
    expect(all.all()).to.have.members([author, book])
  })

  it('says which names there are', () => {
    expect(() => registry(author, book).resolve('Autor', book))
      .to.throw(ImproperlyConfigured)
      .with.property('message')
      .that.matches(/'Autor'\. Registered are: Author, Book\./)
    expect(() => registry().resolve('Autor', book)).to.throw(/Registered are: none/)
  })

  it('of several, the one of the same file is meant', () => {
    const other = model('Author', '/app/b.ts:9:1')
    expect(registry(author, other, book).resolve('Author', book)).to.equal(other)
  })

  it('of several elsewhere, none: it names the places', () => {
    const other = model('Author', '/app/c.ts:2:2')
    expect(() => registry(author, other, book).resolve('Author', book)).to.throw(
      /ambiguous.*\/app\/a\.ts:1:1, \/app\/c\.ts:2:2/,
    )
  })

  it('of one that was defined again in the same place, the latest', () => {
    const again = model('Author', author.site)
    expect(registry(author, again, book).resolve('Author', book)).to.equal(again)
  })

  it('has another version after each model', () => {
    const all = registry(author)
    const before = all.version
    all.add(book)
    expect(all.version).not.to.equal(before)
  })
})
