/** The SQL that the bare SQLite drivers send. */
import type { NewBook } from '../data.ts'

export const BY_KEY = 'select * from book where id = ?'
export const BOOKS = 'select * from book order by id limit ?'
export const AUTHORS = 'select * from author order by id limit ?'
export const SLOW = 'select * from slow_book where id = ?'
export const COUNT = 'select count(*) as n from book where author_id = ? and pages > ?'
export const EXISTS = 'select 1 as one from book where author_id = ? and pages > ? limit 1'
export const JOINED = `select book.* from book join author on author.id = book.author_id
  where author.country = ? and book.pages > ? order by book.published_at desc limit 50`

/** Six values a row, and at most 32,766 a statement. */
export const ROWS_PER_INSERT = 5_000

export function authorsOf(ids: number): string {
  return `select * from author where id in (${placeholders(ids)})`
}

export function booksOf(authors: number): string {
  return `select * from book where author_id in (${placeholders(authors)})`
}

export function tagsOf(books: number): string {
  return `select tag.*, book_tag.book_id from tag join book_tag on book_tag.tag_id = tag.id
    where book_tag.book_id in (${placeholders(books)})`
}

export function insertOf(rows: number): string {
  const columns = 'title, pages, price, in_stock, published_at, author_id'
  const row = `(${placeholders(6)})`
  return `insert into draft (${columns}) values ${Array(rows).fill(row).join(', ')}`
}

export function valuesOf(book: NewBook): (string | number)[] {
  const { title, pages, price, inStock, publishedAt, authorId } = book
  return [title, pages, price, inStock ? 1 : 0, publishedAt.toISOString(), authorId]
}

function placeholders(count: number): string {
  return Array(count).fill('?').join(', ')
}
