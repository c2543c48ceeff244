import mustache from 'mustache';

const { Context, Writer } = mustache;

/** A view in which a name that the template uses and the caller forgot is an error, not an empty text. */
class StrictContext extends Context {
  override lookup(name: string): unknown {
    const value: unknown = super.lookup(name);
    if (value === undefined || value === null) throw new TypeError(`the template uses "${name}", which was not given`);
    return value;
  }

  override push(view: unknown): StrictContext {
    return new StrictContext(view, this);
  }
}

/**
 * Renders a mustache text whose every hole goes through `quote`, the quoting of the language the text is in.
 * @throws TypeError for a missing name, and for holes that would not be quoted
 */
export function renderStrictly(template: string, view: object, quote: (value: unknown) => string): string {
  if (/\{\{[{&>]/.test(template)) throw new TypeError('a template may not use {{{raw}}}, {{&raw}} or {{>partials}}');
  return new Writer().render(template, new StrictContext(view), undefined, { escape: quote });
}
