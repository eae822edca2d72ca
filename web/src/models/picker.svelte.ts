/** Whether the dialog to choose models is open: many places lead to it. */
class Picker {
  open = $state(false)

  show(): void {
    this.open = true
  }
}

export const picker = new Picker()
