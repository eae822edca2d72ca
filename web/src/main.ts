import './design/tokens.css'
import './design/base.css'
import 'katex/dist/katex.min.css?fonts'
import { mount } from 'svelte'
import { login } from './account/login.svelte'
import Page from './shell/Page.svelte'

void login.resume()
const target = document.getElementById('page')
if (target) mount(Page, { target })
