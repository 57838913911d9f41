/** The demo from beginning to end, on a few small countries. */
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import knex, { type Knex } from 'knex'
import { type Atlas, readAtlas } from '../examples/demo/atlas.ts'
import { Output, type Stream } from '../examples/demo/output.ts'
import { playDemo } from '../examples/demo/play.ts'
import {
  databases,
  describeOnEach,
  type FreshDatabase,
  migrationsDirectory,
  type TestDatabase,
} from './support/databases.ts'

function demoOn(database: TestDatabase): void {
  let atlas: Atlas
  let fresh: FreshDatabase
  let config: Knex.Config

  before(async () => {
    atlas = readAtlas(['PT', 'SM', 'AQ'])
    fresh = await database.create()
    const migrations = { directory: migrationsDirectory, loadExtensions: ['.ts'] }
    config = { ...fresh.config, migrations }
  })
  after(() => fresh?.drop())

  async function play(terminal: { isTTY?: boolean; columns?: number } = {}): Promise<string> {
    const stream: Stream = Object.assign(new PassThrough(), terminal)
    await playDemo(config, atlas, new Output(stream))
    stream.end()
    return await text(stream as PassThrough)
  }

  it('migrates, loads, shows the page and draws when each query ran', async () => {
    const printed = await play()
    // Nothing that is drawn over: this is no terminal.
    expect(printed).to.not.contain('\r')
    expect(printed).to.not.contain('\u001b')
    const lines = printed.split('\n')
    const line = (part: string): string => lines.find((each) => each.includes(part)) ?? ''
    expect(line('✓ migrations')).to.match(/ 3 +run in [\d.]+ s$/)
    expect(line('✓ continents')).to.match(/ 7 +loaded in [\d.]+ s$/)
    expect(line('✓ countries ')).to.match(/ 3 +loaded in/)
    expect(line('✓ cities')).to.contain(` ${atlas.cities.length} `)
    expect(line('GeoNames')).to.contain('CC BY 4.0')
    expect(line('Furthest north')).to.match(/: \w+.*, (?:Portugal|San Marino)$/)
    expect(line('capital')).to.equal('  🇵🇹 Portugal, capital Lisbon, Europe')
    expect(line('Antarctica.')).to.equal('  None is in Antarctica.')
    const drawn = lines.filter((each) => /[█─]●/.test(each))
    expect(drawn).to.have.length(14)
    for (const each of drawn) expect(each).to.match(/ {2}\d+ +\d+–\d+ +\d+$/)
    expect(line('One at a time')).to.match(/One at a time: \d+ ms\. Started: \d+ ms/)
    // The continents, the countries of each of the seven, the languages of each of the three.
    expect(line('each by itself')).to.match(/ 3 countries +11 queries, \d+ ms$/)
    expect(line('with peers')).to.match(/ 3 countries +[3-6] queries, \d+ ms$/)
    expect(line('prefetchRelated()')).to.match(/ 3 countries +3 queries, \d+ ms$/)
    for (const each of lines) expect([...each].length, each).to.be.at.most(80)
  })

  it('finds its data there the second time, and draws to the width of the terminal', async () => {
    const lines = (await play({ isTTY: true, columns: 100 })).split('\n')
    const loaded = lines.filter((each) => each.includes('✓'))
    expect(loaded.filter((each) => each.endsWith('there already'))).to.have.length(6)
    expect(loaded.filter((each) => each.endsWith('up to date'))).to.have.length(1)
    for (const each of lines) expect(visible(each), each).to.be.at.most(100)
  })

  it('loads everything again, behind a bar, when some of it is missing', async () => {
    const db = knex(config)
    await db('cities').where('name', 'Lisbon').delete()
    await db.destroy()
    const printed = await play({ isTTY: true })
    expect(printed).to.match(/\r\S*\s+cities\s+─+ 0 of [\d,]+\r/)
    expect(printed.match(/loaded in/g)).to.have.length(6)
  })
}

/** How many characters of a line are seen. */
function visible(line: string): number {
  return [...stripVTControlCharacters(line).replaceAll('\r', '')].length
}

// A database in memory is gone with the connection of the first run.
const lasting = databases.filter(({ name }) => name !== 'SQLite memory')

describeOnEach('the demo', demoOn, lasting)
