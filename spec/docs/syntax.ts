/** Files as TypeScript's parser sees them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SourceFile } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'
import { write } from './workshop.ts'

/** The syntax tree of each file of a folder that has a tsconfig.json. */
export function parse(folder: string, files: readonly string[]): SourceFile[] {
  const api = new API({ cwd: folder })
  try {
    const openProjects = [join(folder, 'tsconfig.json')]
    const [project] = api.updateSnapshot({ openProjects }).getProjects()
    return files.map((file) => {
      const ast = project?.program.getSourceFile(join(folder, file))
      if (ast === undefined) throw new Error(`TypeScript does not see ${file}`)
      return ast
    })
  } finally {
    api.close()
  }
}

/** What is wrong with the syntax of each piece of code: statements, a value or a class's members. */
export function syntaxErrors(pieces: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'asynchrormous-syntax-'))
  const forms = pieces.map((code) => [code, `void (${code}\n)`, `class C {${code}\n}`])
  for (const [piece, codes] of forms.entries()) {
    for (const [form, code] of codes.entries()) {
      write(folder, `${piece}-${form}.ts`, `${code}\nexport {}\n`)
    }
  }
  const compilerOptions = { noResolve: true, target: 'es2023', module: 'nodenext', types: [] }
  write(folder, 'tsconfig.json', JSON.stringify({ compilerOptions }))
  const api = new API({ cwd: folder })
  try {
    const openProjects = [join(folder, 'tsconfig.json')]
    const [project] = api.updateSnapshot({ openProjects }).getProjects()
    const errorsIn = (file: string): string => {
      const errors = project?.program.getSyntacticDiagnostics(join(folder, file))
      return errors?.map(({ text }) => text).join(' ') ?? 'not seen by TypeScript'
    }
    return forms.map((codes, piece) => {
      const errors = codes.map((_, form) => errorsIn(`${piece}-${form}.ts`))
      return errors.includes('') ? '' : (errors[0] ?? '')
    })
  } finally {
    api.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
