/** Whether the dialog for choosing models is open; many places open it. */
class Picker {
  open = $state(false)

  show(): void {
    this.open = true
  }
}

export const picker = new Picker()
