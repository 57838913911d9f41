/** A project of a user of this package, as TypeScript sees it: with what `npm run build` declares. */
import { execFile, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const compiler = join(root, 'node_modules/typescript/bin/tsc')

/** What the projects here depend on beside this package. */
const DEPENDENCIES = ['@types', 'knex', 'zod']

export interface Options {
  readonly [option: string]: unknown
}

/** A folder of its own with this package installed. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'asynchrormous-typing-'))

  constructor() {
    const installed = join(this.folder, 'node_modules')
    const self = join(installed, 'asynchrormous')
    mkdirSync(self, { recursive: true })
    for (const name of DEPENDENCIES) {
      symlinkSync(join(root, 'node_modules', name), join(installed, name), 'junction')
    }
    copyFileSync(join(root, 'package.json'), join(self, 'package.json'))
    // Unchecked, since `npm run types` has checked it and another file may be half written.
    const declare = ['--emitDeclarationOnly', '--noCheck', '--outDir', join(self, 'dist')]
    spawnSync(process.execPath, [compiler, '-p', root, ...declare])
    this.write('package.json', JSON.stringify({ type: 'module' }))
  }

  /** The file's path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** `tsconfig.json`: strict, unless the options say otherwise. */
  configure(files: readonly string[], options: Options = {}): void {
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
      ...options,
    }
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
  }

  /** What the compiler prints, which is nothing where all is well. */
  async compile(...flags: readonly string[]): Promise<string> {
    const args = [compiler, '-p', '.', '--pretty', 'false', ...flags]
    const options = { cwd: this.folder, maxBuffer: 64_000_000 }
    return await new Promise((resolve) => {
      execFile(process.execPath, args, options, (_error, stdout) => {
        resolve(stdout)
      })
    })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Two models, as users write them. */
export const MODELS = `
import { AsyncManager, AsyncQuerySet, fields, Model, type RelatedManager } from 'asynchrormous'

export class Author extends Model('authors', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ null: true, unique: true }),
  mentor: fields.foreignKey<Author>('self', {
    onDelete: 'setNull',
    null: true,
    relatedName: 'students',
  }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book>
  declare readonly students: RelatedManager<Author>
  get displayName() { return this.name }
  shout() { return this.name.toUpperCase() }
}

export class BookQuerySet extends AsyncQuerySet<Book> {
  live() { return this.filter({ status: 'live' }) }
}

export class Book extends Model('books', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer({ default: 0 }),
  status: fields.choice({ choices: ['draft', 'live'], default: 'draft' }),
  publishedAt: fields.dateTime(),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
}) {
  static objects = new AsyncManager(Book, BookQuerySet)
}
`
export { compiler, root }
