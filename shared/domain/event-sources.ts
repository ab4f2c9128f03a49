/** Source of everything that Orgkeeper itself announces. */
export const OUR_SOURCE = 'orgkeeper';
/** Source of what people and pipelines ask for. */
export const REQUEST_SOURCE = 'orgkeeper.request';
