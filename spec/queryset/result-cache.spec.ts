import { expect } from 'chai'
import { ResultCache } from '../../lib/queryset/result-cache.ts'
import { deferred } from '../../lib/util/deferred.ts'

describe('ResultCache', () => {
  const job = <T>(promise: Promise<T>) => ({ read: () => promise })

  it('finds what was stored, by question and key', () => {
    const cache = new ResultCache()
    const answer = cache.store('get', job(Promise.resolve(1)), { keep: true, key: 'a' })
    expect(cache.find('get', (key) => key === 'a')).to.equal(answer)
    expect(cache.find('get', (key) => key === 'b')).to.equal(undefined)
    expect(cache.find('count')).to.equal(undefined)
  })

  it('keeps an answer that is to be kept, and knows it once it was read', async () => {
    const cache = new ResultCache()
    const answer = cache.store('count', job(Promise.resolve(5)), { keep: true })
    expect(answer.known).to.equal(undefined)
    expect(await answer.read()).to.equal(5)
    expect(answer.known).to.deep.equal({ value: 5 })
    expect(cache.find('count')).to.equal(answer)
  })

  it('shares another only while it is on its way', async () => {
    const cache = new ResultCache()
    const { promise, resolve } = deferred<number>()
    const answer = cache.store('count', job(promise), { keep: false })
    const readers = [answer.read(), cache.find<number>('count')?.read()]
    resolve(5)
    expect(await Promise.all(readers)).to.deep.equal([5, 5])
    expect(cache.find('count')).to.equal(undefined)
  })

  it('keep() makes what is on its way stay, and says whether anything is', async () => {
    const cache = new ResultCache()
    expect(cache.keep('count')).to.equal(false)
    const answer = cache.store('count', job(Promise.resolve(5)), { keep: false })
    expect(cache.keep('count')).to.equal(true)
    await answer.read()
    expect(cache.find('count')).to.equal(answer)
  })

  it('keeps a failure until a reader was rejected with it', async () => {
    const cache = new ResultCache()
    const failure = new Error('no')
    const { promise, reject } = deferred<number>()
    promise.catch(() => {})
    const answer = cache.store('count', job(promise), { keep: true })
    const readers = Promise.allSettled([answer.read(), answer.read()])
    reject(failure)
    expect(cache.find('count')).to.equal(answer)
    expect((await readers).map((one) => (one as PromiseRejectedResult).reason)).to.deep.equal([
      failure,
      failure,
    ])
    expect(cache.find('count')).to.equal(undefined)
  })

  it('clear() forgets, but those who wait get their answer', async () => {
    const cache = new ResultCache()
    const { promise, resolve } = deferred<number>()
    const reading = cache.store('count', job(promise), { keep: true }).read()
    cache.clear()
    expect(cache.find('count')).to.equal(undefined)
    resolve(5)
    expect(await reading).to.equal(5)
    expect(cache.find('count')).to.equal(undefined)
  })
})
