/** Types of `sandbox()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { type Sandbox, sandbox } from '../../lib/index.ts'
import { Book } from './models.ts'

const box = sandbox('other', { unread: 'throw' })
expectTypeOf(box).toEqualTypeOf<Sandbox>()
expectTypeOf(box.begin).toEqualTypeOf<() => Promise<void>>()
expectTypeOf(await box.run(() => Book.objects.all())).toEqualTypeOf<Book[]>()
expectTypeOf(await box.onCommit({ execute: true })).toEqualTypeOf<readonly (() => unknown)[]>()

// @ts-expect-error one of three
sandbox('other', { unread: 'error' })
// @ts-expect-error a model is no database
sandbox(Book)
// @ts-expect-error hooks take nothing
await box.begin(() => {})
