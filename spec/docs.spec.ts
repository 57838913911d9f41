/**
 * README.md does what it says: its code compiles, what is marked `run` runs on both databases, its
 * tour leads from an empty folder to a page, and nothing public is missing. And the docstrings.
 */
import { join } from 'node:path'
import { expect } from 'chai'
import * as errors from '../lib/errors.ts'
import { AsyncQuerySet, fields } from '../lib/index.ts'
import { LOOKUPS } from '../lib/query/lookups.ts'
import { TRANSFORMS } from '../lib/query/transforms.ts'
import { examplesOf, undocumentedMembers } from './docs/docstrings.ts'
import { fieldsProgram } from './docs/fields-table.ts'
import {
  type Instrumented,
  instrument,
  marksIn,
  type Program,
  programsOf,
} from './docs/programs.ts'
import { readReadme } from './docs/readme.ts'
import { parse, syntaxErrors } from './docs/syntax.ts'
import { openWorkshop, shell, tsc, type Workshop, write } from './docs/workshop.ts'
import { databases, describeOnEach, type TestDatabase } from './support/databases.ts'
import { readLib, root, type SourceModule } from './support/source-tree.ts'

const { text: readme, blocks } = readReadme()
const files = blocks.filter(({ word }) => word.includes('.'))
const models = files.find(({ word }) => word === 'models.ts')?.code.matchAll(/class (\w+)/g) ?? []
const programs = [
  ...programsOf(
    blocks,
    Array.from(models, ([, name = '']) => name),
  ),
  fieldsProgram(readme),
]
const running = programs.filter(({ runs }) => runs)
const onDisk = databases.filter(({ name }) => name !== 'SQLite memory')

/** Stands beside the programs: what they find when they run. */
const shopFile = `import { connect, type Database } from 'asynchrormous'
export { fill } from './fill.ts'
export let knex: Database['knex']
export let dialect: Database['dialect']
export function open(config: Parameters<typeof connect>[0]) {
  const db = connect(config)
  ;({ knex, dialect } = db)
  return db
}
`

describe('README.md', function () {
  this.timeout(180_000)
  let workshop: Workshop
  let runs: readonly (Program & Instrumented)[]
  let plays: Plays = new Map()

  before(async () => {
    workshop = await openWorkshop(npmInstalls())
    for (const { word, code } of files) {
      write(workshop.tour, word, code)
      write(workshop.programs, word, code)
    }
    runs = writePrograms(workshop.programs)
    plays = playAll(workshop.programs)
  })
  after(async () => {
    await Promise.allSettled(plays.values())
    workshop?.remove()
  })

  it('has code that compiles with our own strict options', async () => {
    await tsc(workshop.programs, '-p', '.')
  })

  it('has its marks behind the statements they speak of', () => {
    const missed = runs.filter(({ marks, text }) => marks !== marksIn(text))
    expect(missed.map(({ heading }) => heading)).to.eql([])
  })

  it('leads from an empty folder to a page, on SQLite and then on PostgreSQL', async () => {
    const { tour } = workshop
    const [installing = '', onSqlite = '', onPostgres = '', migrating = ''] = tourBlocks('sh')
    const [printed] = tourBlocks('text')
    await shell(tour, installing.replace(/^npm i .*$/gm, ''))
    const { stdout } = await shell(tour, onSqlite)
    expect(stdout).to.contain('Batch 1 run: 1 migrations').and.to.contain(printed)
    expect((await shell(tour, migrating)).stdout).to.contain('Nothing to migrate')
    const postgres = databases.find(({ dialect }) => dialect === 'postgresql')
    const fresh = await postgres?.create()
    if (fresh === undefined) return
    const { connectionString } = fresh.config.connection as { connectionString: string }
    const commands = onPostgres.replace(/^export DATABASE_URL=.*$/m, migrating)
    const second = await shell(tour, commands, { DATABASE_URL: connectionString }).finally(
      fresh.drop,
    )
    expect(second.stdout).to.contain('Batch 1: 20260101000000_books.ts')
    expect(second.stdout).to.contain('Already up to date').and.to.contain(printed)
  })

  describeOnEach(
    'does what it says about',
    (db) => {
      for (const { file, heading } of running) {
        it(heading, async () => {
          const failures = await plays.get(db)
          const failure = failures?.get(file)
          if (failure !== null) expect.fail(failure ?? 'It did not run.')
        })
      }
    },
    onDisk,
  )
})

describe('README.md names', () => {
  const expectNamed = (names: Iterable<string>, before = '(?<!\\w)', after = '\\b'): void => {
    const isMissing = (name: string): boolean => !new RegExp(before + name + after).test(readme)
    expect([...names].filter(isMissing)).to.eql([])
  }

  it('every field', () => {
    expectNamed(Object.keys(fields), '`', '\\(')
  })

  it('every lookup and every transform', () => {
    expectNamed([...LOOKUPS.keys(), ...TRANSFORMS.keys()], '`', '`')
  })

  it('every method of querysets', () => {
    const methods = new Set<string>()
    let at: object = AsyncQuerySet.prototype
    while (at !== Object.prototype) {
      for (const name of Object.getOwnPropertyNames(at)) methods.add(name)
      at = Object.getPrototypeOf(at)
    }
    methods.delete('constructor')
    methods.delete('then')
    expectNamed(methods, '`', '\\(')
  })

  it('every error', () => {
    expectNamed(Object.keys(errors))
  })
})

describe('docstrings', function () {
  this.timeout(60_000)
  let lib: readonly SourceModule[]

  before(() => {
    lib = readLib()
  })

  it('have examples that parse', () => {
    const examples = lib.flatMap(examplesOf)
    expect(examples).to.have.length.above(50)
    const found = syntaxErrors(examples.map(({ code }) => code.replaceAll('…', '_')))
    const wrong = examples.map(({ place }, at) => `${place}: ${found[at]}`)
    expect(wrong.filter((_, at) => found[at] !== '')).to.eql([])
  })

  it('say something of every public member', () => {
    const classes: Record<string, readonly string[]> = {
      'queryset/queryset.ts': ['QuerySet', 'AsyncQuerySet'],
      'model/types.ts': ['ModelInstance', 'ModelClass'],
    }
    const silent = Object.entries(classes).flatMap(([path, names]) => {
      const module = lib.find((each) => each.path === path) ?? expect.fail(`no lib/${path}`)
      return names.flatMap((name) => undocumentedMembers(module, name))
    })
    expect(silent).to.eql([])
  })
})

/** Writes all programs; gives those that run, as they are run: with calls that check their marks. */
function writePrograms(folder: string): (Program & Instrumented)[] {
  for (const { file, text } of programs) write(folder, file, text)
  write(folder, 'shop.ts', shopFile)
  write(folder, 'package.json', JSON.stringify({ type: 'module' }))
  write(folder, 'tsconfig.json', JSON.stringify(strictOptions()))
  const trees = parse(
    folder,
    running.map(({ file }) => file),
  )
  return running.flatMap((program, at) => {
    const tree = trees[at]
    if (tree === undefined) return []
    const instrumented = instrument(program.text, tree)
    write(folder, `run-${program.file}`, instrumented.code)
    return { ...program, ...instrumented }
  })
}

/** Ours, but a page of examples does not use all it names, and infers the types of its models. */
function strictOptions(): object {
  const compilerOptions = {
    noEmit: true,
    rootDir: '.',
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  }
  return { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['line-*.ts'] }
}

/** The failures of programs by their files, as a promise for each database. */
type Plays = Map<TestDatabase, Promise<ReadonlyMap<string, string | null>>>

/** Runs every program on every database. Those whose models refer to the tour's run by themselves. */
function playAll(folder: string): Plays {
  const isAlone = ({ text }: Program): boolean => /foreignKey|oneToOne|manyToMany/.test(text)
  const groups = [
    running.filter((one) => !isAlone(one)),
    ...running.filter(isAlone).map((one) => [one]),
  ]
  const plays: Plays = new Map()
  for (const db of onDisk) {
    const failures = Promise.all(groups.map((group) => playOn(db, folder, group)))
    failures.catch(() => {})
    plays.set(
      db,
      failures.then((all) => new Map(all.flat())),
    )
  }
  return plays
}

/** Runs programs in one process, each on a database of its own; the failure of each. */
async function playOn(
  db: TestDatabase,
  folder: string,
  group: readonly Program[],
): Promise<[string, string | null][]> {
  const fresh = await Promise.all(group.map(() => db.create()))
  try {
    const list = group.map(({ file }, at) => {
      return { program: join(folder, `run-${file}`), config: fresh[at]?.config }
    })
    const command = `"${process.execPath}" --import tsx spec/docs/play.ts`
    const { stdout } = await shell(root, command, { PLAYS: JSON.stringify(list) })
    const failures = JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1)) as (string | null)[]
    return group.map(({ file }, at) => [file, failures[at] ?? null])
  } finally {
    for (const { drop } of fresh) await drop()
  }
}

/** What the commands of the tour install, but for the library itself. */
function npmInstalls(): string[] {
  const commands = tourBlocks('sh').flatMap((code) => code.match(/^npm i .*$/gm) ?? [])
  const words = commands.flatMap((command) => command.split(' ').slice(2))
  const names = words.map((word) => word.replace(/(?<=.)@[\d.]+$/, ''))
  return names.filter((name) => name !== 'asynchrormous' && !name.startsWith('-'))
}

function tourBlocks(language: string): string[] {
  const tour = blocks.filter((block) => block.language === language && block.word === 'tour')
  return tour.map(({ code }) => code)
}
