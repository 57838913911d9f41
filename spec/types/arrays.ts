/** Types of columns of arrays: compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  type CreateInput,
  F,
  fields,
  Model,
  safeFilter,
  type Where,
} from '../../lib/index.ts'

class Post extends Model('posts', {
  title: fields.char({ maxLength: 50 }),
  tags: fields.array(fields.char({ maxLength: 20 })),
  states: fields.array(fields.choice({ choices: ['on', 'off'] }), { default: [] }),
  days: fields.array(fields.date({ null: true }), { null: true }),
  bigs: fields.array(fields.bigInteger(), { default: () => [] }),
  grid: fields.array(fields.array(fields.integer()), { size: 3, default: [[1]] }),
}) {
  static objects = new AsyncManager(Post)
}

class Comment extends Model('comments', {
  post: fields.foreignKey(Post, { onDelete: 'cascade' }),
}) {
  static objects = new AsyncManager(Comment)
}

const post = await Post.objects.get({ pk: 1 })
expectTypeOf(post.tags).toEqualTypeOf<string[]>()
expectTypeOf(post.states).toEqualTypeOf<('on' | 'off')[]>()
expectTypeOf(post.days).toEqualTypeOf<(string | null)[] | null>()
expectTypeOf(post.grid).toEqualTypeOf<number[][]>()

const tags: readonly string[] = ['a']
await Post.objects.create({ title: 'a', tags, grid: [[1, 2]] })
await Post.objects.create({ title: 'a', tags: ['a'], days: ['2026-02-28', null], states: ['on'] })
expectTypeOf<CreateInput<Post>['tags']>().toEqualTypeOf<readonly string[]>()
// @ts-expect-error tags has no default
await Post.objects.create({ title: 'a' })
// @ts-expect-error items are text
await Post.objects.create({ title: 'a', tags: [1] })
// @ts-expect-error items cannot be null
await Post.objects.create({ title: 'a', tags: [null] })
// @ts-expect-error no choice
await Post.objects.create({ title: 'a', tags, states: ['of'] })
await Post.objects.update({ tags: F('tags') })
// @ts-expect-error no array
await Post.objects.update({ tags: 'a' })

Post.objects.filter({ tags, days: null, tags__in: [tags, ['b']] })
Post.objects.filter({ tags__contains: ['a'], tags__overlap: tags, tags__containedBy: [] })
Post.objects.filter({ tags__len__gt: 1, tags__0: 'a', tags__12__icontains: 'a', tags__0_2: ['a'] })
Post.objects.filter({ days__0__year: 2026, bigs__0__gte: 1n, grid__0__1__in: [1], grid__0: [1] })
Post.objects.filter({ tags__1_3__0__startswith: 'a', tags__contains: F('states') })
Comment.objects.filter({ post__tags__contains: ['a'], post__grid__0__1: 5 })
const where: Where<Post> = { tags__contains: ['a'], tags__len: 2 }
Post.objects.filter(where)
// @ts-expect-error an array is due
Post.objects.filter({ tags__contains: 'a' })
// @ts-expect-error of text
Post.objects.filter({ tags__overlap: [1] })
// @ts-expect-error arrays are no text
Post.objects.filter({ tags__icontains: 'a' })
// @ts-expect-error text has no year
Post.objects.filter({ tags__0__year: 1 })
// @ts-expect-error a number is due
Post.objects.filter({ grid__0__1: 'a' })
// @ts-expect-error neither an index nor a slice
Post.objects.filter({ tags__first: 'a' })

const [row] = await Comment.objects.values('post__tags', 'post__tags__0', 'post__tags__len')
expectTypeOf(row).toEqualTypeOf<
  { post__tags: string[]; post__tags__0: string | null; post__tags__len: number } | undefined
>()
Post.objects.orderBy('tags__0', '-tags__len')
// @ts-expect-error no such item
Post.objects.orderBy('tags__first')

expectTypeOf(Post.createSchema.parse({}).tags).toEqualTypeOf<string[]>()
const input: Parameters<typeof Post.createSchema.parse>[0] = { bigs: ['1', 2, 3n] }
void input

// @ts-expect-error the items' field comes first
fields.array({ size: 3 })
// @ts-expect-error the default is an array of what the items are
fields.array(fields.integer(), { default: ['a'] })
// @ts-expect-error a column of arrays is no key
fields.array(fields.integer(), { primaryKey: true })

// Texts of a request stand for items.
safeFilter(Comment, '', {
  allow: ['post__tags', 'post__tags__contains', 'post__days__overlap', 'post__bigs__gt'],
})
safeFilter(Post, '', {
  allow: ['tags__0', 'tags__len__gte', 'tags__0_2', 'days__isnull', 'grid__0__0'],
})
// @ts-expect-error arrays in an array
safeFilter(Post, '', { allow: ['grid'] })
// @ts-expect-error a list of arrays
safeFilter(Post, '', { allow: ['tags__in'] })
// @ts-expect-error two arrays
safeFilter(Post, '', { allow: ['tags__range'] })
