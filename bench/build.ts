/** Makes plain JavaScript of the library and the benchmarks, as an application would have it. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BENCH = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Below bench/, so that packages are found; of this process, so that two runs do not meet. */
const FOLDER = join(BENCH, '.build', String(process.pid))
const SKIPPED = new Set(['node_modules', '.build', 'profiles', 'results'])

process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }))

/**
 * Compiles the benchmarks with the library as it is on the disk, or as it was at a revision of git.
 * Types are not looked at: they are the business of `npm run types`.
 *
 * @returns where the compiled program of a contestant's process is.
 */
export function build(revision: string | null): string {
  const name = revision?.replace(/\W+/g, '-') ?? 'current'
  const source = join(FOLDER, name, 'source')
  mkdirSync(source, { recursive: true })
  copySources(source, revision)
  const output = join(FOLDER, name, 'out')
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      rootDir: source,
      outDir: output,
      declaration: false,
      isolatedDeclarations: false,
      noCheck: true,
    },
    include: [source],
  }
  writeFileSync(join(source, 'tsconfig.json'), JSON.stringify(config))
  const tsc = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  execFileSync(process.execPath, [join(tsc, 'bin/tsc'), '-p', source], { stdio: 'inherit' })
  return join(output, 'bench', 'worker.js')
}

function copySources(to: string, revision: string | null): void {
  for (const entry of readdirSync(BENCH)) {
    if (!SKIPPED.has(entry))
      cpSync(join(BENCH, entry), join(to, 'bench', entry), { recursive: true })
  }
  cpSync(join(ROOT, 'spec/support/postgres.ts'), join(to, 'spec/support/postgres.ts'))
  if (revision === null) {
    cpSync(join(ROOT, 'lib'), join(to, 'lib'), { recursive: true })
    return
  }
  const archive = execFileSync('git', ['archive', revision, 'lib'], {
    cwd: ROOT,
    maxBuffer: 2 ** 28,
  })
  execFileSync('tar', ['-x', '-C', to], { input: archive })
}

/** Which lib that is, for the report: a commit, and whether the disk differs from it. */
export function describeRevision(revision: string | null): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const commit = git('rev-parse', '--short', revision ?? 'HEAD')
  const isChanged = revision === null && git('status', '--short', '--', 'lib') !== ''
  return isChanged ? `${commit} and changes on the disk` : commit
}
